"""Quarter-dose noise inserted in real full-dose slices, against the real quarter-dose slices."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.make_docs.noise_comparison import NoiseComparison, compare_noise
from tools.phantom.scan import lower_dose

from distiliqa.ct.dicom.derive import read_stored
from distiliqa.ct.dicom.header import read_header
from distiliqa.simulate.acquisition import acquisition_of

PAIRS = "ct-dev/dose_pairs/L143"


def compared(full_path: Path, *, name_known: bool) -> NoiseComparison:
    source, full = read_stored(full_path)
    _, real = read_stored(full_path.parents[1] / "quarter" / full_path.name)
    if not name_known:
        del source.ConvolutionKernel
    header = read_header(source, path=str(full_path))
    spacing = header.spacing_mm or (1.0, 1.0)
    made = acquisition_of(full, spacing[0], header.acquisition)
    simulated = lower_dose(full, spacing, 0.25, seed=3, acquisition=made)
    return compare_noise(full, simulated, real, spacing[0])


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["B30f", "D45f"])
def test_inserted_noise_is_like_real_noise(real_pairs: Path, kernel: str) -> None:
    paths = sorted((real_pairs / kernel / "full").iterdir())
    assert len(paths) == {"B30f": 7, "D45f": 4}[kernel]
    for path in paths:
        found = compared(path, name_known=True)
        assert 0.85 <= found.ratio <= 1.15, (path.name, found)
        assert 0.8 <= found.peak_ratio <= 1.2, (path.name, found)


@pytest.mark.slow
def test_the_kernel_need_not_be_named(real_pairs: Path) -> None:
    paths = sorted((real_pairs).glob("*/full/*"))
    found = [compared(path, name_known=False) for path in paths]
    assert all(0.85 <= one.ratio <= 1.15 for one in found), found
    assert all(0.8 <= one.peak_ratio <= 1.2 for one in found), found

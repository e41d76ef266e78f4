"""Quarter-dose noise inserted in full-dose slices, against that of the Mayo Clinic."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.make_docs.dose_pairs import DosePair, dose_pairs
from tools.make_docs.noise_comparison import NoiseComparison, compare_noise


@pytest.fixture(scope="module")
def pairs(real_pairs: Path) -> list[DosePair]:
    found = list(dose_pairs(real_pairs.parents[2]))
    assert [pair.kernel for pair in found] == ["B30f"] * 7 + ["D45f"] * 4
    return found


def compared(pair: DosePair, *, named: bool) -> NoiseComparison:
    simulated = pair.simulated(pair.made(named=named))
    return compare_noise(pair.full, simulated, pair.mayo, pair.spacing_mm)


@pytest.mark.slow
@pytest.mark.parametrize("named", [True, False])
def test_inserted_noise_is_like_that_of_the_mayo_clinic(pairs: list[DosePair], named: bool) -> None:
    for pair in pairs:
        found = compared(pair, named=named)
        assert 0.85 <= found.ratio <= 1.15, (pair.name, found)
        assert 0.8 <= found.peak_ratio <= 1.2, (pair.name, found)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tools.phantom.blurred_body import body

import distiliqa
from distiliqa.ct import CTWarning

PIXEL = (0.7, 0.7)


def test_files_slices_and_arrays_have_the_same_measures(
    tmp_path: Path, write_ct: Callable[..., Path]
) -> None:
    hu = np.round(body(0.35, pixel_mm=0.7, size=320, noise_hu=12))
    write_ct(tmp_path / "a.dcm", hu, PixelSpacing=list(PIXEL))
    (expected,) = distiliqa.score(tmp_path)[0].slices
    (ct,) = distiliqa.read_ct(tmp_path)
    for source, spacing in ((tmp_path, None), (ct, None), (hu, PIXEL), ([hu], PIXEL)):
        (found,) = distiliqa.measures(source, spacing_mm=spacing)
        assert found.noise.noise_hu == pytest.approx(12, abs=2)
        assert found.noise.noise_hu == pytest.approx(expected.noise_hu, abs=1e-4)
        assert found.mtf.f50_per_mm == pytest.approx(expected.measures.mtf.f50_per_mm, abs=1e-4)
        assert found.evidence is not None  # to pool
        f50, dw = found.mtf.f50_per_mm, found.size.diameter_mm
        known = f"noise {found.noise.noise_hu:.3g} HU, f50 {f50:.3g} /mm"
        assert repr(found).startswith(f"<SliceMeasures: {known}")
        assert repr(found).endswith(f"Dw {dw:.3g} mm>")


def test_files_that_give_no_slice_are_named(tmp_path: Path, write_ct: Callable[..., Path]) -> None:
    write_ct(tmp_path / "a.dcm", np.full((64, 64), 40))
    (tmp_path / "b.dcm").write_text("text")
    with pytest.warns(CTWarning, match=r"b\.dcm"):
        assert len(distiliqa.measures(tmp_path)) == 1


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        (np.full((64, 64), np.nan), {}, "NaN or infinite"),
        ([np.zeros((64, 64)), np.full((64, 64), np.nan)], {}, "slice 1: 4096 pixels are NaN"),
        (None, {}, "NoneType; give slices in HU"),
        (np.zeros(64), {}, "shape"),
        ([np.zeros((64, 64)), "a.dcm"], {}, "one kind"),
        ("a.dcm", {"spacing_mm": 0.7}, "files have their own"),
    ],
)
def test_what_cannot_be_measured_is_refused(source, options, said) -> None:
    with pytest.raises(ValueError, match=said):
        distiliqa.measures(source, **options)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import SOFT_TISSUE, Window, index_ct
from distiliqa.metrics import SliceParts
from distiliqa.scoring import prepare
from distiliqa.scoring.prepare import check_hu, offset_doubt


def emptiness(hu: np.ndarray, window: Window) -> str | None:
    return prepare.emptiness(SliceParts(hu, None), window)


def content_doubt(hu: np.ndarray) -> str | None:
    return prepare.content_doubt(SliceParts(hu, None))


@pytest.mark.parametrize(
    ("hu", "problem"),
    [
        (np.zeros(64), r"shape \(64,\)"),
        (np.zeros((2, 64, 64)), r"shape \(2, 64, 64\)"),
        (np.zeros((0, 0)), "0 x 0 pixels"),
        (np.zeros((1, 1)), "1 x 1 pixels; at least 32 x 32"),
        (np.zeros((31, 512)), "31 x 512 pixels"),
        (np.full((64, 64), np.nan), "4096 pixels are NaN or infinite"),
        (np.diag([np.inf] * 64), "64 pixels are NaN or infinite"),
        (np.full((64, 64), 1e300), "4096 pixels are NaN or infinite"),
        (np.zeros((64, 64), complex), "complex128"),
        (np.zeros((64, 64), bool), "bool"),
        (np.full((64, 64), "a"), "<U1"),
    ],
)
def test_what_is_no_image_in_hu_is_named(hu: np.ndarray, problem: str):
    with pytest.raises(ValueError, match=problem):
        check_hu(hu)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float16, np.float32, np.float64])
def test_real_numbers_become_float32(dtype: type):
    checked = check_hu(np.full((32, 40), 40, dtype))
    assert checked.dtype == np.float32
    assert (checked == 40).all()


@pytest.mark.parametrize("hu", [np.full((64, 64), -1000), np.full((64, 64), 40), np.eye(64) - 999])
def test_an_empty_image_is_detected(hu: np.ndarray):
    reason = emptiness(check_hu(hu), SOFT_TISSUE)
    assert reason == f"no image content: {hu.min():g} to {hu.max():g} HU"


@pytest.mark.parametrize("highest", [1, 1024])
def test_values_unlike_hu_are_reported(highest: int):
    hu = check_hu(np.linspace(0, 1, 4096).reshape(64, 64) * highest)
    assert content_doubt(hu) == (f"values look unlike HU: no air or fat, 0 to {highest}")


def test_values_that_span_too_little_for_hu_are_reported():
    hu = check_hu(np.linspace(-1, 1, 4096).reshape(64, 64))
    assert content_doubt(hu) == "values look unlike HU: only -1 to 1"
    assert content_doubt(check_hu(np.full((64, 64), -1000))) is None


def test_an_image_is_not_doubted():
    hu = check_hu(np.linspace(-1000, 1000, 4096).reshape(64, 64))
    assert content_doubt(hu) is None
    assert emptiness(hu, SOFT_TISSUE) is None
    assert "no image content" in str(emptiness(hu, Window(width=100, level=3000)))


def noisy(hu: np.ndarray, sd: float) -> np.ndarray:
    return check_hu(hu + np.random.default_rng(0).normal(0, sd, hu.shape))


def disc(diameter_mm: float, spacing_mm: float, size: int = 512) -> np.ndarray:
    y, x = (np.mgrid[:size, :size] - size / 2) * spacing_mm
    return np.where(np.hypot(x, y) < diameter_mm / 2, 0.0, -1000.0)


def table() -> np.ndarray:
    """Two shells with rails, 15 pixels thick and denser than a body."""
    hu = np.full((512, 512), -1000.0)
    hu[400:403, 80:430] = hu[430:433, 60:450] = 50
    hu[425:440, 60:100] = hu[425:440, 410:450] = 300
    return hu


@pytest.mark.parametrize("sd", [10, 50, 150, 400])
def test_air_is_detected_however_noisy(sd: float):
    reason = str(emptiness(noisy(np.full((512, 512), -1000.0), sd), SOFT_TISSUE))
    assert reason.startswith(("no image content", "no body in the image"))


@pytest.mark.parametrize("sd", [0, 20])
def test_a_table_without_a_patient_is_detected(sd: float):
    reason = emptiness(noisy(table(), sd), SOFT_TISSUE)
    assert reason == "no body in the image: only air, or things as thin as a table"
    assert emptiness(noisy(np.maximum(table(), disc(200, 0.98)), sd), SOFT_TISSUE) is None


@pytest.mark.parametrize("sd", [5, 300])
@pytest.mark.parametrize(("spacing_mm", "size"), [(0.98, 512), (1.37, 512), (1.95, 256)])
def test_a_small_water_phantom_is_not_doubted(spacing_mm: float, size: int, sd: float):
    assert emptiness(noisy(disc(100, spacing_mm, size), sd), SOFT_TISSUE) is None


@pytest.mark.parametrize("folder", ["normal_dose", "dose_pairs", "ldctiqac2023"])
def test_no_real_slice_is_doubted(shared_data: Path, folder: str):
    for ref in index_ct(shared_data / "ct-dev" / folder).slices:
        hu = ref.read().hu
        assert (emptiness(hu, SOFT_TISSUE), content_doubt(hu)) == (None, None), ref.path


def test_a_shift_of_all_values_is_named():
    hu = noisy(disc(200, 0.7, 512), 8)
    assert offset_doubt(SliceParts(hu, None)) is None
    assert offset_doubt(SliceParts(hu + np.float32(98), None)) == (
        "values are 100 HU too high: air lies at -900, not at -1000 HU; check the rescale intercept"
    )
    assert str(offset_doubt(SliceParts(hu - np.float32(1000), None))).startswith(
        "values are 1000 HU too low"
    )

"""Input that measures were not made for: a right value, or none and a reason; never a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from tests.support.made import made_slice
from tools.phantom.blurred_body import HALF_FREQUENCY, body, noise

from distiliqa.ct import Acquisition, index_ct
from distiliqa.metrics import SliceMeasures, measure_series, measure_slice

F50, PIXEL, SIZE = 0.35, 0.7, 512
Image = NDArray[np.floating]


def patient(f50: float = F50, pixel_mm: float = PIXEL, size: int = SIZE, radius: float = 0.3):
    """A body with noise of about 12 HU, some fat and a bone."""
    hu = body(f50, pixel_mm=pixel_mm, size=size, noise_hu=12, radius=radius)
    middle, unit = size // 2, size // 25
    hu[middle - unit : middle + unit, middle - 3 * unit : middle + 3 * unit] -= 150
    hu[middle + 3 * unit : middle + 4 * unit, middle - unit : middle + unit] += 600
    return hu


def water() -> Image:
    """A cylinder of water in air."""
    return (body(F50, pixel_mm=PIXEL, size=SIZE, noise_hu=6, radius=0.2) + 1000) / 1.05 - 1000


def measured(
    hu: Image, spacing_mm=(PIXEL, PIXEL), *, tilt_degrees: float = 0.0, **facts
) -> SliceMeasures:
    stated = Acquisition(**{"ctdivol_mgy": 10.0, "ctdi_phantom_cm": 32, **facts})
    given = {"spacing_mm": spacing_mm, "acquisition": stated, "tilt_degrees": tilt_degrees}
    return measure_slice(made_slice(np.asarray(hu, np.float32), **given))


def values(found: SliceMeasures) -> set[float | None]:
    """All values but the noise level."""
    return {
        found.mtf.f50_per_mm,
        found.nps.mean_per_mm,
        found.detectability.npw,
        found.size.diameter_mm,
        found.off_center.distance_mm,
        found.ssde.ssde_mgy,
        found.tissue_noise.fat,
        found.streaks.tissue.index_hu,
        found.streaks.air.index_hu,
        found.rings.index_hu,
    }


def test_a_blanket_on_the_skin_has_no_sharpness_and_no_detectability():
    hu = patient()
    found = measured(np.where(hu < -500, hu + 150, hu))
    assert (found.mtf.f50_per_mm, found.detectability.npw) == (None, None)
    assert "profiles of bare skin" in found.reasons["mtf"]
    assert found.size.diameter_mm == pytest.approx(measured(hu).size.diameter_mm, rel=0.01)


@pytest.mark.parametrize("gap_mm", [0, 2, 6])
def test_arms_beside_the_body_count_for_its_size_and_do_not_blur_its_skin(gap_mm: float):
    y, x = (np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2) * PIXEL
    radius = 28.0
    right = 1.1 * 0.3 * SIZE * PIXEL + gap_mm + radius
    arms = np.minimum(np.hypot(x - right, y), np.hypot(x + right, y)) < radius
    sigma = HALF_FREQUENCY / F50 / PIXEL
    blurred = gaussian_filter(np.where(arms, 50.0, -1000.0), sigma)
    found = measured(np.maximum(patient(), blurred + noise((SIZE, SIZE), 3, seed=5)))
    assert found.mtf.f50_per_mm == pytest.approx(F50, rel=0.05)
    alone = measured(patient()).size.diameter_mm
    water = alone**2 + 2 * 1.05 * (2 * radius) ** 2
    assert found.size.diameter_mm == pytest.approx(np.sqrt(water), rel=0.01)


def test_a_body_that_is_cut_is_flagged_and_its_diameter_corrected():
    """Its half axes are 1.1 and 0.9 times 0.52 of the field of view: 4 % of it are cut."""
    found = measured(patient(radius=0.52))
    whole = 2 * 0.52 * SIZE * PIXEL * np.sqrt(1.1 * 0.9 * 1.05)
    assert found.size.truncated_share > 0.2
    assert found.size.diameter_mm == pytest.approx(whole, rel=0.03)
    assert found.ssde.ssde_mgy is not None


def test_a_body_that_is_cut_nearly_all_around_has_no_size_and_no_dose():
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    found = measured(np.where(np.hypot(x, y) > SIZE / 2, -1000, patient(radius=0.52)))
    assert (found.size.diameter_mm, found.ssde.ssde_mgy) == (None, None)
    assert "of the contour lies on the edge of the field of view" in found.reasons["size"]
    assert found.reasons["ssde"] == "no water-equivalent diameter"


@pytest.mark.parametrize(("pixel_mm", "known"), [(1.0, True), (1.4, True), (1.8, False)])
def test_a_matrix_of_256_has_its_sharpness_or_none(pixel_mm: float, known: bool):
    found = measured(patient(0.3, pixel_mm, 256, 0.35), (pixel_mm, pixel_mm))
    assert found.mtf.f50_per_mm == (pytest.approx(0.3, rel=0.05) if known else None)
    if not known:
        assert found.reasons["mtf"] == "an edge that is sharper than the pixels can show"
    whole = 2 * 0.35 * 256 * pixel_mm * np.sqrt(1.1 * 0.9 * 1.05)
    assert found.size.diameter_mm == pytest.approx(whole, rel=0.02)


def test_an_unknown_spacing_has_the_noise_level_alone():
    found = measured(patient(), None)
    assert values(found) == {None}
    assert found.noise.noise_hu == pytest.approx(12, rel=0.15)
    assert found.reasons["mtf"] == "the pixel spacing is not known"


def test_pixels_that_are_not_square_have_a_size_alone():
    found = measured(patient(), (0.7, 0.9))
    assert found.size.diameter_mm == pytest.approx(
        measured(patient()).size.diameter_mm * np.sqrt(0.9 / 0.7), rel=0.005
    )
    assert (found.mtf.f50_per_mm, found.nps.mean_per_mm, found.rings.index_hu) == (None,) * 3
    assert found.reasons["nps"] == "pixels of 0.7 x 0.9 mm are not square"


@pytest.mark.parametrize("offset_hu", [1000, 1024, 100, -100])
@pytest.mark.parametrize("image", [patient, water])
def test_a_shift_of_hu_leaves_no_value_and_is_named(offset_hu: int, image: Callable[[], Image]):
    found = measured(image() + offset_hu)
    assert values(found) == {None}
    assert found.noise.noise_hu is None
    for measure in ("noise", "mtf", "nps", "size", "rings"):
        named = re.match(r"values are (\d+) HU too (high|low): air", found.reasons[measure])
        assert int(named[1]) == pytest.approx(abs(offset_hu), abs=10)
        assert named[2] == ("high" if offset_hu > 0 else "low")


def test_a_phantom_of_water_has_a_size_and_no_dose():
    found = measured(water())
    assert found.ssde.ssde_mgy is None
    assert found.reasons["ssde"] == "a phantom"
    radius = 0.2 * SIZE * PIXEL * np.sqrt(1.1 * 0.9)
    assert found.size.diameter_mm == pytest.approx(2 * radius, rel=0.005)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"ctdivol_mgy": 0.0}, "no CTDIvol above 0, in the header or a dose report"),
        ({"ctdivol_mgy": None}, "no CTDIvol above 0, in the header or a dose report"),
        ({"ctdi_phantom_cm": None}, "the phantom of CTDIvol is not stated"),
        ({"ctdi_phantom_cm": 10}, "the phantom of CTDIvol is not stated"),
    ],
)
def test_a_dose_that_is_none_gives_no_estimate(facts: dict[str, object], reason: str):
    found = measured(patient(), **facts)
    assert found.ssde.ssde_mgy is None
    assert found.reasons["ssde"] == reason


def test_a_tilted_gantry_has_no_size_and_no_dose():
    found = measured(patient(), tilt_degrees=20.0)
    assert (found.size.diameter_mm, found.ssde.ssde_mgy) == (None, None)
    assert found.reasons["size"] == "tilted by 20 degrees: not across the body"


def test_nifti_has_what_pixels_show_and_no_dose(tmp_path: Path):
    stored = np.stack([patient()] * 2, axis=-1).transpose(1, 0, 2)
    affine = np.diag([-PIXEL, -PIXEL, 3.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(stored.astype(np.int16), affine), tmp_path / "a.nii.gz")
    found = measure_slice(index_ct(tmp_path / "a.nii.gz").slices[0].read())
    assert found.mtf.f50_per_mm == pytest.approx(F50, rel=0.05)
    assert found.reasons["ssde"] == "no CTDIvol above 0, in the header or a dose report"
    assert "does not state the axis" in found.reasons["off_center"]


def test_one_slice_has_no_interval_of_what_slices_are_drawn_for():
    ct = made_slice(patient(), spacing_mm=(PIXEL, PIXEL))
    pooled = measure_series([ct]).pooled
    assert pooled.mtf.f50_per_mm == pytest.approx(F50, rel=0.05)
    assert (pooled.nps.interval_per_mm, pooled.npw_interval) == (None, None)


def test_air_and_noise_have_none():
    air = -1000 + noise((SIZE, SIZE), 10)
    assert values(measured(air)) == {None}
    plain = measured(np.where(patient() > -500, 50.0, -1000.0))
    assert (plain.nps.mean_per_mm, plain.detectability.npw, plain.rings.index_hu) == (None,) * 3
    assert plain.reasons["nps"] == "no noise"

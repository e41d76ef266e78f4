from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from tests.support.rings import PIXELS, slice_with_rings
from tools.phantom.blurred_body import body

from distiliqa.ct import Acquisition, CTSlice, Gantry, Geometry, SliceInfo
from distiliqa.ct.geometry import Orientation
from distiliqa.metrics import (
    PatientMtf,
    ReportedDose,
    measure_slice,
    patient_mtf,
    patient_nps,
    ring_index,
    streak_index,
)
from distiliqa.metrics.off_center import axis_in_image
from distiliqa.metrics.slice_measures import detectability_of


def a_slice(
    hu: np.ndarray | None = None, spacing_mm=PIXELS, gantry: Gantry | None = None, **facts
) -> CTSlice:
    """A body of soft tissue and some fat and bone, 240 mm wide."""
    if hu is None:
        hu = body(0.35, pixel_mm=PIXELS[0], size=400, noise_hu=10, radius=0.42)
        hu[150:200, 100:300] -= 150
        hu[280:300, 180:220] += 600
    stated = {"ctdivol_mgy": 10.0, "ctdi_phantom_cm": 32, "body_part": "ABDOMEN"}
    made = Acquisition(**(stated | facts))
    info = SliceInfo(spacing_mm=spacing_mm, acquisition=made, gantry=gantry or Gantry())
    return CTSlice(hu, info)


def test_all_that_a_slice_shows_is_measured():
    found = measure_slice(a_slice())
    assert found.noise.noise_hu == pytest.approx(10, rel=0.15)
    assert found.mtf.f50_per_mm == pytest.approx(0.35, rel=0.05)
    assert found.nps.mean_per_mm is not None
    assert found.detectability.npw > 0
    assert found.size.diameter_mm == pytest.approx(235, rel=0.05)
    assert found.rings.index_hu == 0
    assert set(found.reasons) == {"off_center", "noise in lung", "noise in bone"}


def test_parts_of_a_measure_without_a_value_have_a_reason():
    mtf = PatientMtf(0.6, f10_reason="beyond")
    found = replace(measure_slice(a_slice()), mtf=mtf)
    assert found.reasons["f10"] == "beyond"
    assert found.tissue_noise.bone is None
    assert found.reasons["noise in bone"] == "fewer than 100 boxes of the tissue"
    assert "noise in fat" not in found.reasons


def test_texture_and_streaks_are_those_of_their_own_measures():
    ct = a_slice()
    found = measure_slice(ct)
    np.testing.assert_equal(asdict(found.nps), asdict(patient_nps(ct.hu, PIXELS)))
    assert found.streaks == streak_index(ct.hu, PIXELS)
    assert found.streaks.tissue.index_hu is not None


def test_rings_are_measured_around_the_axis_of_the_scanner():
    """It lies far from the middle of the image, around which there are no rings."""
    row, column = 180.0, 215.0
    hu = slice_with_rings(8, center=(row, column))
    image = Geometry((0.0, 0.0, 0.0), Orientation((1, 0, 0), (0, 1, 0)), PIXELS, hu.shape)
    ct = a_slice(hu, gantry=Gantry(axis_mm=(PIXELS[1] * column, PIXELS[0] * row)))
    ct = replace(ct, info=replace(ct.info, geometry=image))
    assert axis_in_image(ct) == pytest.approx((row, column))
    found = measure_slice(ct).rings.index_hu
    assert found == ring_index(hu, PIXELS, axis_in_image(ct)).index_hu
    assert found > 4 > 1.5 > ring_index(hu, PIXELS).index_hu


def test_the_dose_estimate_is_that_of_aapm_204():
    found = measure_slice(a_slice())
    factor = 3.704369 * np.exp(-0.03671937 * found.size.diameter_mm / 10)
    assert found.ssde.ssde_mgy == pytest.approx(10 * factor)


def test_the_phantom_of_a_dose_report_counts_where_the_header_has_none():
    stated, expected = (a_slice(ctdi_phantom_cm=size) for size in (None, 32))
    reported = ReportedDose(phantom_cm=32)
    assert measure_slice(stated, reported=reported).ssde == measure_slice(expected).ssde
    assert measure_slice(expected, reported=reported).ssde.ssde_mgy is not None
    assert "phantom of CTDIvol is not stated" in measure_slice(stated).ssde.reason
    assert measure_slice(stated, reported=reported).ssde.phantom_cm == 32


def test_phantoms_that_differ_in_header_and_dose_report_give_no_dose_estimate():
    reported = ReportedDose(12.0, 32)
    found = measure_slice(a_slice(ctdi_phantom_cm=16), reported=reported).ssde
    assert (found.ssde_mgy, found.phantom_cm) == (None, None)
    assert found.reason == (
        "the phantom of CTDIvol has 16 cm in the header and 32 cm in the dose report"
    )


@pytest.mark.parametrize("header_cm", [None, 16])
def test_a_dose_report_whose_phantom_other_slices_contradict_gives_no_dose_estimate(
    header_cm: int | None,
):
    reported = ReportedDose(None, 16, is_refused=True)
    found = measure_slice(a_slice(ctdi_phantom_cm=header_cm), reported=reported).ssde
    assert (found.ssde_mgy, found.phantom_cm) == (None, None)
    assert found.reason.startswith("other slices of the series state another phantom")


@pytest.mark.parametrize(
    ("ctdivol_mgy", "expected_mgy", "source"),
    [(10.0, 10.0, "header"), (None, 12.0, "dose report"), (0.0, 12.0, "dose report")],
)
def test_the_ctdivol_of_a_dose_report_counts_where_the_header_has_none(
    ctdivol_mgy: float | None, expected_mgy: float, source: str
):
    ct = a_slice(ctdivol_mgy=ctdivol_mgy, ctdi_phantom_cm=None)
    found = measure_slice(ct, reported=ReportedDose(12.0, 32)).ssde
    assert found.ssde_mgy == pytest.approx(expected_mgy * found.factor)
    assert found.ctdivol_from == source


def test_without_any_ctdivol_the_reason_names_both_places():
    found = measure_slice(a_slice(ctdivol_mgy=None), reported=ReportedDose(None, 32)).ssde
    assert (found.ssde_mgy, found.ctdivol_from) == (None, None)
    assert found.reason == "no CTDIvol above 0, in the header or a dose report"


def test_detectability_comes_from_sharpness_and_texture():
    ct = a_slice()
    expected = detectability_of(
        patient_mtf(ct.hu, PIXELS), patient_nps(ct.hu, PIXELS), 400 * PIXELS[0]
    )
    assert measure_slice(ct).detectability == expected


def test_thick_slices_have_no_sharpness_and_no_detectability():
    found = measure_slice(a_slice(slice_thickness_mm=10.0))
    assert found.mtf.f50_per_mm is None
    assert "slices of 10 mm" in found.reasons["mtf"]
    assert found.detectability.npw is None
    assert found.reasons["detectability"].startswith("no sharpness")
    assert found.nps.mean_per_mm is not None


@pytest.mark.parametrize(("thickness", "known"), [(None, False), (2.0, True)])
def test_planes_far_apart_have_a_sharpness_only_where_they_are_known_to_be_thin(
    thickness: float | None, known: bool
):
    ct = a_slice(slice_thickness_mm=thickness)
    found = measure_slice(replace(ct, info=replace(ct.info, step_mm=8.0)))
    assert (found.mtf.f50_per_mm is not None) == known
    if not known:
        assert found.reasons["mtf"].startswith("slices of unknown thickness, 8 mm apart: skin")


def test_a_tilted_gantry_has_no_size_and_no_dose_estimate():
    level = a_slice()
    found = measure_slice(replace(level, info=replace(level.info, tilt_degrees=15.0)))
    assert found.size.diameter_mm is None
    assert found.reasons["size"] == "tilted by 15 degrees: not across the body"
    assert found.reasons["ssde"] == "no water-equivalent diameter"


def a_head() -> np.ndarray:
    y, x = np.mgrid[:400, :400] - 199.5
    radius = np.hypot(y / 100, x / 80)
    hu = np.where(radius < 1, 35.0, -1000.0)
    hu[(radius < 1) & (radius > 0.88)] = 900
    return hu + np.random.default_rng(0).normal(0, 5, hu.shape)


@pytest.mark.parametrize("named", [(), ("abdomen",), ("abdomen", "chest", "head")])
def test_a_head_in_the_image_is_the_reason_whatever_the_header_names(named: tuple[str, ...]):
    ct = a_slice(a_head())
    found = measure_slice(replace(ct, info=replace(ct.info, regions=named)))
    assert found.ssde.ssde_mgy is None
    assert found.reasons["ssde"].startswith("a head: AAPM Report 293")


@pytest.mark.parametrize("other", ["head", "limb", "neck"])
def test_several_regions_of_a_header_are_the_reason_where_no_head_is_seen(other: str):
    ct = a_slice()
    found = measure_slice(replace(ct, info=replace(ct.info, regions=("chest", other))))
    assert found.reasons["ssde"].startswith("the header names several regions")


def test_a_water_phantom_has_no_dose_estimate():
    hu = body(0.35, pixel_mm=0.7, size=400, noise_hu=5, radius=0.42) - 50.0
    hu[hu < -900] = -1000
    found = measure_slice(a_slice(hu, body_part=None))
    assert found.ssde.ssde_mgy is None
    assert found.reasons["ssde"] == "a phantom"


def test_the_smallest_slices_are_measured():
    rows, columns = np.mgrid[:32, :32] - 15.5
    hu = np.where(np.hypot(rows, columns) < 12, 40.0, -1000.0)
    found = measure_slice(a_slice(hu, spacing_mm=(3.0, 3.0)))
    assert found.size.diameter_mm == pytest.approx(2 * 12 * 3 * 1.04**0.5, rel=0.03)
    assert found.mtf.f50_per_mm is None


def test_no_facts_give_no_numbers_and_reasons():
    found = measure_slice(replace(a_slice(spacing_mm=None), info=SliceInfo()))
    values = (
        found.mtf.f50_per_mm,
        found.nps.mean_per_mm,
        found.detectability.npw,
        found.size.diameter_mm,
        found.ssde.ssde_mgy,
        found.off_center.distance_mm,
        found.streaks.tissue.index_hu,
        found.rings.index_hu,
    )
    assert set(values) == {None}
    assert len(found.reasons) == 10
    assert found.noise.noise_hu is not None

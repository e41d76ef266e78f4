from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tools.phantom.blurred_body import body

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.metrics import PatientMtf, measure_series, measure_slice, pooled_measures

PIXELS = (0.7, 0.7)


def slices(count: int, *, f50: float = 0.35, step_mm: float = 2.0, radius=lambda at: 0.4):
    """Slices of a body, ``radius(at)`` its radius as a share of the field of view."""
    for at in range(count):
        hu = body(f50, pixel_mm=PIXELS[0], size=320, noise_hu=12, radius=radius(at), seed=at)
        yield CTSlice(hu, SliceInfo(position_mm=step_mm * at, spacing_mm=PIXELS))


def test_slices_are_measured_together():
    found = measure_series(slices(6))
    assert len(found.slices) == found.pooled.slices == 6
    mtf, nps = found.pooled.mtf, found.pooled.nps
    assert mtf.f50_per_mm == pytest.approx(0.35, rel=0.04)
    assert mtf.profiles == pytest.approx(sum(one.mtf.profiles for one in found.slices), rel=0.01)
    assert nps.regions == sum(one.nps.regions for one in found.slices)
    assert nps.mean_per_mm == pytest.approx(
        np.mean([one.nps.mean_per_mm for one in found.slices]), rel=0.02
    )


def test_intervals_hold_the_values_and_narrow_with_slices():
    few, many = (measure_series(slices(count)).pooled for count in (4, 16))
    for found in (few, many):
        low, high = found.npw_interval
        assert low <= found.detectability.npw <= high
        low, high = found.nps.interval_per_mm
        assert low <= found.nps.mean_per_mm <= high
    assert np.ptp(many.npw_interval) < np.ptp(few.npw_interval)


def test_skin_that_is_oblique_to_the_slices_does_not_count():
    """A cone: 4 mm of radius from one slice to the next, 2 mm apart, is a tilt of 63 degrees."""
    found = measure_series(slices(6, radius=lambda at: 0.3 + 4 / (320 * 0.7) * at))
    assert all(one.mtf.f50_per_mm is not None for one in found.slices)
    assert found.pooled.mtf.f50_per_mm is None
    assert found.pooled.mtf.reason == "all slices together have too little bare skin"


def half_cones(bright: tuple[slice, slice]) -> list[CTSlice]:
    """The left half is that of a cone, the right half upright; a part has skin above 100 HU."""
    found = []
    cone = slices(6, radius=lambda at: 0.3 + 4 / (320 * 0.7) * at)
    for oblique, upright in zip(cone, slices(6), strict=True):
        hu = upright.hu.copy()
        hu[:, :160] = oblique.hu[:, :160]
        hu[bright] += 80 * (hu[bright] > -600)
        found.append(CTSlice(hu, upright.info))
    return found


def test_bright_skin_counts_where_it_is_upright_in_the_slices_alone():
    plain, oblique, upright = (
        measure_series(half_cones(bright)).pooled.mtf
        for bright in (np.s_[:0, :0], np.s_[:160, :120], np.s_[:160, 160:])
    )
    assert oblique.f50_per_mm == plain.f50_per_mm is not None
    assert upright.reason == "all slices together have too little bare skin"


def test_slices_with_other_pixels_are_left_out():
    alike = [measure_slice(one).evidence for one in slices(3)]
    hu = body(0.35, pixel_mm=0.5, noise_hu=12)
    other = measure_slice(CTSlice(hu, SliceInfo(spacing_mm=(0.5, 0.5)))).evidence
    assert pooled_measures([*alike, other], 224.0).slices == 3


def test_one_slice_has_no_interval_of_detectability():
    found = measure_series(slices(1)).pooled
    assert found.detectability.npw is not None
    assert found.npw_interval is None
    assert found.nps.interval_per_mm is None


def test_a_pooled_f10_without_a_value_has_a_reason():
    found = replace(pooled_measures([], 0.0), mtf=PatientMtf(0.6, f10_reason="beyond"))
    assert found.reasons["f10"] == "beyond"
    assert "mtf" not in found.reasons


def test_nothing_to_measure_has_reasons():
    found = pooled_measures([], 0.0)
    assert found.slices == 0
    assert found.mtf.reason == "all slices together have too little bare skin"
    assert found.nps.reason == "no slice has enough plain soft tissue"
    assert found.detectability.reason is not None


def test_slices_with_too_few_profiles_are_enough_together():
    """Only a part of the skin is bare: a blanket lies on the rest."""
    covered = []
    for ct in slices(8):
        bare = np.zeros(ct.hu.shape, bool)
        bare[130:180, 200:] = True
        hu = np.where(bare | (ct.hu > -500), ct.hu, ct.hu + 150)
        covered.append(CTSlice(hu, ct.info))
    found = measure_series(covered)
    assert all(one.mtf.f50_per_mm is None for one in found.slices)
    assert found.pooled.mtf.f50_per_mm == pytest.approx(0.35, rel=0.05)

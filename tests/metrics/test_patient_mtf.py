from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from tools.phantom.blurred_body import HALF_FREQUENCY, body

from distiliqa.ct import index_ct
from distiliqa.metrics import patient_mtf
from distiliqa.metrics.patient_mtf import crossing

PIXELS = (0.5, 0.5)


@pytest.mark.parametrize("f50", [0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
@pytest.mark.parametrize("noise_hu", [0.0, 15.0])
def test_a_known_blur_is_found_within_5_percent(f50: float, noise_hu: float):
    found = patient_mtf(body(f50, noise_hu=noise_hu), PIXELS)
    assert found.f50_per_mm == pytest.approx(f50, rel=0.05)
    assert found.reason is None
    assert found.profiles >= 50
    low, high = found.interval_per_mm
    assert low <= found.f50_per_mm <= high


@pytest.mark.parametrize("pixel_mm", [0.7, 0.9])
def test_pixels_of_other_sizes(pixel_mm: float):
    found = patient_mtf(body(0.3, pixel_mm=pixel_mm), (pixel_mm, pixel_mm))
    assert found.f50_per_mm == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("skin_mm", [1.2, 1.5])
def test_fat_below_the_skin_is_not_taken_for_blur(skin_mm: float):
    found = patient_mtf(body(0.35, skin_mm=skin_mm, noise_hu=4), PIXELS)
    assert found.f50_per_mm == pytest.approx(0.35, rel=0.05)


def test_the_whole_response_is_that_of_the_blur():
    found = patient_mtf(body(0.3, noise_hu=0), PIXELS)
    sigma = HALF_FREQUENCY / 0.3
    expected = np.exp(-2 * (np.pi * sigma * found.frequency) ** 2)
    np.testing.assert_allclose(found.response, expected, atol=0.02)
    assert found.f10_per_mm == pytest.approx(0.3 * np.sqrt(np.log(10) / np.log(2)), rel=0.03)
    assert found.f10_reason is None


def test_f10_beyond_the_nyquist_frequency_is_not_given():
    found = patient_mtf(body(0.7), PIXELS)
    assert found.f50_per_mm == pytest.approx(0.7, rel=0.05)
    assert found.f10_per_mm is None
    assert found.f10_reason == "f10 beyond the Nyquist frequency of the pixels"
    assert found.reason is None


def test_clothes_and_a_table_give_no_value():
    hu = body(0.3)
    hu[hu < -500] += 150  # a blanket all around
    found = patient_mtf(hu, PIXELS)
    assert found.f50_per_mm is None
    assert "0 profiles of bare skin" in found.reason


def test_skin_that_the_field_of_view_cuts_is_no_edge():
    hu = body(0.3, radius=0.6)
    y, x = np.mgrid[:320, :320] - 159.5
    hu[np.hypot(x, y) > 158] = -1000
    found = patient_mtf(hu, PIXELS)
    assert found.f50_per_mm is None
    assert "profiles of bare skin" in found.reason


def test_a_kernel_that_enhances_the_skin_gives_no_value():
    hu = body(0.3, noise_hu=2)
    found = patient_mtf(hu + 1.5 * (hu - gaussian_filter(hu, 2)), PIXELS)
    assert found.f50_per_mm is None
    assert "enhances the edge" in found.reason or "profiles" in found.reason


def test_an_edge_sharper_than_the_pixels_gives_no_value():
    found = patient_mtf(body(0.7, pixel_mm=0.9), (0.9, 0.9))
    assert found.f50_per_mm is None
    assert "sharper than the pixels" in found.reason


@pytest.mark.parametrize(("sharp", "blurred"), [(0.6, 0.2), (0.4, 0.2)])
def test_of_two_halves_that_differ_the_sharper_is_measured(sharp: float, blurred: float):
    hu = body(sharp, noise_hu=3)
    hu[:, :160] = body(blurred, noise_hu=3)[:, :160]
    found = patient_mtf(hu, PIXELS)
    assert found.f50_per_mm == pytest.approx(sharp, rel=0.05)
    assert found.reason is None


@pytest.mark.parametrize(("sharp", "blurred"), [(0.6, 0.2), (0.7, 0.25)])
def test_parts_that_differ_in_the_sharper_half_give_no_value(sharp: float, blurred: float):
    """A quarter is sharp."""
    hu = body(blurred, noise_hu=3)
    hu[:160, 160:] = body(sharp, noise_hu=3)[:160, 160:]
    found = patient_mtf(hu, PIXELS)
    assert (found.f50_per_mm, found.interval_per_mm) == (None, None)
    assert found.reason == "parts of the skin differ in sharpness too much"


@pytest.mark.parametrize(
    ("spacing_mm", "reason"),
    [
        (None, "not known"),
        ((0.5, 0.7), "not square"),
        ((9.0, 9.0), "which no CT has"),
    ],
)
def test_pixels_that_cannot_be_used(spacing_mm, reason: str):
    found = patient_mtf(body(0.3), spacing_mm)
    assert (found.f50_per_mm, found.profiles) == (None, 0)
    assert reason in found.reason


@pytest.mark.parametrize("offset", [1000.0, 100.0])
def test_shifted_values_are_named(offset: float):
    hu = body(0.3)
    hu[100:200, 100:200] -= 150  # fat
    found = patient_mtf(hu + offset, PIXELS)
    assert found.f50_per_mm is None
    assert f"values are {offset:.0f} HU too high" in found.reason


def test_real_slices_blurred_further_have_their_own_response_times_that_of_the_blur(
    shared_data: Path,
):
    slices = index_ct(shared_data / "ct-dev" / "normal_dose").slices
    ratios = []
    for slice_ in slices[:: max(1, len(slices) // 24)]:
        ct = slice_.read()
        own = patient_mtf(ct.hu, ct.spacing_mm)
        sigma = HALF_FREQUENCY / 0.35
        blurred = gaussian_filter(ct.hu, [sigma / pixel for pixel in ct.spacing_mm])
        found = patient_mtf(blurred, ct.spacing_mm)
        if own.response is not None and found.f50_per_mm is not None:
            expected = own.response * np.exp(-2 * (np.pi * sigma * own.frequency) ** 2)
            ratios.append(found.f50_per_mm / crossing(expected[np.newaxis], 0.5)[0])
    assert len(ratios) >= 3
    assert np.median(ratios) == pytest.approx(1, abs=0.05)
    assert np.mean(np.abs(np.subtract(ratios, 1)) < 0.1) >= 0.9

from __future__ import annotations

import numpy as np
import pytest
from tests.support.rings import PIXELS, slice_with_rings
from tools.phantom.blurred_body import body, noise

from distiliqa.metrics import RingIndex, ring_index


def index(hu: np.ndarray, center: tuple[float, float] | None = None) -> float:
    found = ring_index(hu, PIXELS, center)
    assert found.index_hu is not None
    return found.index_hu


def test_stronger_rings_have_a_higher_index():
    values = [index(slice_with_rings(strength)) for strength in (0.0, 3.0, 6.0, 12.0)]
    assert values[0] < 1
    assert values == sorted(values)
    assert values[3] == pytest.approx(2 * values[2], rel=0.25)


@pytest.mark.parametrize("strength_hu", [3.0, 6.0, 12.0])
def test_the_index_is_below_the_deviation_of_the_rings(strength_hu: float):
    """The mean of the neighbors, which is taken off, and the limit of an arc hold a part of it."""
    assert 0.4 * strength_hu < index(slice_with_rings(strength_hu)) < strength_hu


def test_noise_alone_has_next_to_none():
    found = [index(body(pixel_mm=0.7, size=384, noise_hu=25, seed=seed)) for seed in range(8)]
    assert np.median(found) == 0
    assert max(found) < 1.5


def test_the_axis_may_be_anywhere():
    hu = slice_with_rings(8, center=(180.0, 215.0))
    assert index(hu, (180.0, 215.0)) > 4
    assert index(hu) < 1.5


def test_an_arc_is_found_in_its_sectors():
    found = ring_index(slice_with_rings(10, sectors=slice(0, 12)), PIXELS)
    sectors = np.array(found.sectors_hu)
    assert np.nanmean(sectors[:12]) > 2 * np.nanmean(sectors[12:])


@pytest.mark.parametrize("strength_hu", [0.0, 20.0])
def test_a_sector_without_plain_tissue_and_air_has_no_value(strength_hu: float):
    hu = slice_with_rings(strength_hu)
    rows, columns = hu.shape
    hu[rows // 2 :, columns // 2 :] = -1000  # without noise, as padding: sectors 0 to 5
    found = ring_index(hu, PIXELS)
    sectors = np.array(found.sectors_hu)
    assert (found.index_hu == 0) == (strength_hu == 0)
    assert np.isnan(sectors[1:5]).all()
    assert np.isfinite(sectors[8:22]).all()
    assert (np.nansum(sectors) == 0) == (strength_hu == 0)


@pytest.mark.parametrize(
    ("hu", "spacing_mm", "reason"),
    [
        (slice_with_rings(3), None, "not known"),
        (slice_with_rings(3), (0.7, 1.0), "not square"),
        (np.full((128, 128), -1000.0), PIXELS, "no body"),
        (body(noise_hu=0), PIXELS, "no noise"),
    ],
)
def test_what_cannot_be_measured_has_a_reason(hu, spacing_mm, reason: str):
    found = ring_index(hu, spacing_mm)
    assert (found.index_hu, found.sectors_hu) == (None, None)
    assert reason in found.reason


def test_a_small_body_has_too_few_arcs():
    hu = np.full((384, 384), -1000.0)
    hu[10:60, 10:60] = 40 + noise((50, 50), 10)
    found = ring_index(hu, PIXELS)
    assert found == RingIndex(reason=found.reason)
    assert found.reason is not None

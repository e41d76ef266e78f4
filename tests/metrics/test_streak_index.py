from __future__ import annotations

import numpy as np
import pytest
from tools.phantom.blurred_body import body, noise

from distiliqa.metrics import streak_index

PIXELS = (0.7, 0.7)


def slice_with_streaks(strength_hu: float, degrees: float = 0.0, noise_hu: float = 12.0):
    """A body and streaks through all of it, in one direction."""
    hu = body(pixel_mm=PIXELS[0], size=384, noise_hu=noise_hu)
    y, x = np.mgrid[:384, :384]
    across = y * np.cos(np.radians(degrees)) + x * np.sin(np.radians(degrees))
    wave = np.sin(2 * np.pi * across / 9)
    return hu + strength_hu * np.sqrt(2) * wave


def test_stronger_streaks_have_a_higher_index():
    found = [streak_index(slice_with_streaks(s), PIXELS) for s in (0, 4, 8, 16)]
    tissue = [part.tissue.index_hu for part in found]
    air = [part.air.index_hu for part in found]
    assert tissue == sorted(tissue)
    assert air == sorted(air)
    assert tissue[3] > 3 * tissue[0]
    assert found[3].tissue.share > 0.45 > 2 * found[0].tissue.share


@pytest.mark.parametrize("strength_hu", [8, 16])
def test_the_index_is_the_deviation_of_the_gradient_along_one_axis(strength_hu: float):
    """Of a wave of 9 pixels, a central difference has 2 sin(2 pi / 9) times its deviation."""
    found = streak_index(slice_with_streaks(strength_hu), PIXELS)
    expected = strength_hu * 2 * np.sin(2 * np.pi / 9) / np.sqrt(2)
    for part in (found.tissue, found.air):
        assert part.index_hu == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 150.0])
def test_streaks_have_their_direction(degrees: float):
    """Lines of a constant y cos a + x sin a run along -a, counted from the rows downward."""
    for part in vars(streak_index(slice_with_streaks(20, degrees), PIXELS)).values():
        error = (part.direction_degrees - (180 - degrees) + 90) % 180 - 90
        assert error == pytest.approx(0, abs=5)


def test_more_noise_is_no_streak():
    quiet, loud = (streak_index(slice_with_streaks(0, noise_hu=n), PIXELS).tissue for n in (10, 40))
    assert loud.share == pytest.approx(quiet.share, abs=0.1)
    assert loud.index_hu < 15


@pytest.mark.parametrize(
    ("hu", "spacing_mm", "reason"),
    [
        (slice_with_streaks(3), None, "not known"),
        (slice_with_streaks(3), (0.7, 1.0), "not square"),
        (np.full((128, 128), -1000.0), PIXELS, "no body"),
    ],
)
def test_what_cannot_be_measured_has_a_reason(hu, spacing_mm, reason: str):
    for part in vars(streak_index(hu, spacing_mm)).values():
        assert (part.index_hu, part.share, part.direction_degrees) == (None, None, None)
        assert reason in part.reason


def test_a_body_without_air_around_it_has_streaks_in_tissue_alone():
    hu = 40 + noise((384, 384), 10)
    found = streak_index(hu, PIXELS)
    assert found.tissue.index_hu is not None
    assert found.air.index_hu is None
    assert found.air.reason is not None

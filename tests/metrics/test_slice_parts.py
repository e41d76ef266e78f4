from __future__ import annotations

import numpy as np
import pytest
from tools.phantom.blurred_body import body

from distiliqa.metrics import SliceParts, noise_level
from distiliqa.metrics.slice_parts import NotMeasurable

PIXELS = (0.5, 0.5)


def test_each_part_is_computed_once():
    parts = SliceParts(body(), PIXELS)
    assert parts.outline is parts.outline
    assert parts.boxes is parts.boxes
    assert parts.noise == noise_level(parts.hu, PIXELS)


@pytest.mark.parametrize(
    ("spacing_mm", "reason"),
    [
        (None, "the pixel spacing is not known"),
        ((9.0, 9.0), "pixels of 9 x 9 mm, which no CT has"),
        ((0.5, 0.9), "pixels of 0.5 x 0.9 mm are not square"),
    ],
)
def test_pixels_that_no_measure_can_use(spacing_mm, reason: str):
    with pytest.raises(NotMeasurable, match=reason):
        _ = SliceParts(body(), spacing_mm).pixel_mm


@pytest.mark.parametrize("offset", [1000.0, 1024.0, -1000.0, 100.0])
def test_a_shift_of_all_values_is_named(offset: float):
    hu = body()
    hu[100:200, 100:200] -= 150  # fat
    parts = SliceParts(hu + offset, PIXELS)
    side = "high" if offset > 0 else "low"
    expected = f"values are {abs(round(offset, -1)):.0f} HU too {side}"
    assert expected in parts.shift
    assert parts.noise.noise_hu is None
    assert expected in parts.noise.reason
    for part in ("outline", "boxes"):
        with pytest.raises(NotMeasurable, match=expected):
            getattr(parts, part)


def test_what_has_no_noise_level_has_the_reason_of_it():
    parts = SliceParts(np.full((32, 32), 40.0), PIXELS)
    with pytest.raises(NotMeasurable, match="the image is smaller than three boxes of 6 mm"):
        _ = parts.known_noise_hu
    assert SliceParts(np.full((64, 64), 40.0), PIXELS).known_noise_hu == 0


def test_air_has_no_body():
    with pytest.raises(NotMeasurable, match="no body"):
        _ = SliceParts(np.full((64, 64), -1000.0), PIXELS).outline

from __future__ import annotations

import numpy as np
import pytest
from tools.phantom.blurred_body import noise

from distiliqa.metrics import body_size, water_equivalent_diameter

PIXELS = (0.8, 0.8)


def cylinder(
    radius_mm: float,
    hu: float = 0.0,
    *,
    right_mm: float = 0.0,
    down_mm: float = 0.0,
    spacing_mm: tuple[float, float] = PIXELS,
    size: int = 512,
) -> np.ndarray:
    """A cylinder of water in air, its edge with the right partial volume."""
    y, x = ((np.arange(size) - (size - 1) / 2) * pixel for pixel in spacing_mm)
    distance = np.hypot(y[:, np.newaxis] - down_mm, x - right_mm)
    share = np.clip(0.5 + (radius_mm - distance) / max(spacing_mm), 0, 1)
    return (share * (hu + 1000) - 1000).astype(np.float32)


@pytest.mark.parametrize("radius_mm", [60.0, 100.0, 160.0])
@pytest.mark.parametrize("place_mm", [0.0, 13.0])
def test_cylinders_of_water_have_their_diameter_within_half_a_percent(
    radius_mm: float, place_mm: float
):
    found = body_size(cylinder(radius_mm, right_mm=place_mm), PIXELS)
    assert found.diameter_mm == pytest.approx(2 * radius_mm, rel=0.005)
    assert found.truncated_share == 0
    assert found.center_mm == pytest.approx((0.0, place_mm), abs=1.5)


def test_denser_cylinders_are_larger():
    found = body_size(cylinder(100, 200.0), PIXELS)
    assert found.diameter_mm == pytest.approx(200 * np.sqrt(1.2), rel=0.005)


def test_both_legs_count_and_a_table_does_not():
    legs = np.maximum(cylinder(60, right_mm=-80), cylinder(60, right_mm=80))
    assert body_size(legs, PIXELS).diameter_mm == pytest.approx(120 * np.sqrt(2), rel=0.01)
    table = cylinder(100)
    table[416:424, 60:450] = 100
    found = body_size(table, PIXELS).diameter_mm
    assert found == pytest.approx(200, rel=0.005)
    assert found < water_equivalent_diameter(table, PIXELS)


def test_pixels_that_are_not_square_have_a_size():
    found = body_size(cylinder(100, spacing_mm=(0.8, 1.0)), (0.8, 1.0))
    assert found.diameter_mm == pytest.approx(200, rel=0.005)


def test_the_share_of_the_contour_on_the_border():
    """Of a circle 15 % of the radius are cut off: a chord of 1.0536 r, and an arc left."""
    hu = cylinder(150)[:, : int(256 + 0.85 * 150 / 0.8)]
    found = body_size(hu, PIXELS)
    half = np.arccos(0.85)
    chord, arc = 2 * np.sin(half), 2 * np.pi - 2 * half
    assert found.truncated_share == pytest.approx(chord / (chord + arc), abs=0.03)
    assert found.diameter_mm == pytest.approx(300, rel=0.05)


def test_the_share_of_the_contour_on_a_round_field_of_view():
    hu = cylinder(150, right_mm=100.0, size=448)
    y, x = np.mgrid[:448, :448] - 223.5
    hu[np.hypot(y, x) > 224] = -1000
    found = body_size(hu, PIXELS)
    middle = 224 * 0.8
    on_edge = 2 * np.arccos((middle**2 + 100**2 - 150**2) / (2 * middle * 100)) * middle
    inside = np.arccos((150**2 + 100**2 - middle**2) / (2 * 150 * 100))
    free = 2 * inside * 150
    assert found.truncated_share == pytest.approx(on_edge / (on_edge + free), abs=0.05)


def test_a_body_that_is_cut_all_around_has_no_diameter():
    found = body_size(cylinder(300), PIXELS)
    assert found.diameter_mm is None
    assert found.truncated_share > 0.5
    assert "more than 35 % of the contour lies on the edge of the field of view" in found.reason


@pytest.mark.parametrize(
    ("hu", "spacing_mm", "reason"),
    [
        (np.full((128, 128), -1000.0), PIXELS, "no body"),
        (cylinder(100), None, "not known"),
        (cylinder(100), (0.01, 0.01), "which no CT has"),
        (cylinder(100) + noise((512, 512), 8) + 1000, PIXELS, "1000 HU too high"),
    ],
)
def test_what_has_no_diameter_has_a_reason(hu, spacing_mm, reason: str):
    found = body_size(hu, spacing_mm)
    assert found.diameter_mm is None
    assert reason in found.reason

from __future__ import annotations

import math

import numpy as np
import pytest

from distiliqa.ct.orientation import Orientation, tilt_warnings


def tilted(degrees: float) -> Orientation:
    """An axial slice of a gantry tilted about the left-right axis."""
    angle = math.radians(degrees)
    return Orientation((1, 0, 0), (0, math.cos(angle), math.sin(angle)))


@pytest.mark.parametrize(("degrees", "axial"), [(0, True), (-30, True), (30, True), (60, False)])
def test_a_tilted_gantry_is_axial(degrees, axial):
    assert tilted(degrees).is_axial == axial


@pytest.mark.parametrize("degrees", [0, -12, 30])
def test_a_tilt_is_measured_and_told(degrees):
    assert tilted(degrees).tilt_degrees == pytest.approx(abs(degrees), abs=1e-6)
    told = tilt_warnings(tilted(degrees).tilt_degrees)
    assert [text.split(",")[0] for text in told] == (
        [f"tilted by {abs(degrees)} degrees"] if degrees else []
    )


def test_the_normal_points_to_the_head_however_the_slice_is_stored():
    feet_first = Orientation((1, 0, 0), (0, -1, 0))
    np.testing.assert_array_equal(feet_first.normal, [0, 0, 1])
    assert feet_first.position_mm([5, 6, 7]) == 7


def test_every_point_of_a_tilted_slice_has_its_position():
    orientation = tilted(20)
    corner = np.array([3.0, 4.0, 5.0])
    other = corner + 7 * np.array(orientation.along_rows) + 9 * np.array([1, 0, 0])
    assert orientation.position_mm(corner) == pytest.approx(orientation.position_mm(other))


@pytest.mark.parametrize(
    "cosines", [[], [1, 0, 0], [0] * 6, [1, 0, 0, 1, 0, 0], [1, 0, 0, 0, float("nan"), 0]]
)
def test_cosines_that_span_no_plane_are_none(cosines):
    assert Orientation.from_cosines(cosines) is None


def test_turning_a_prone_patient_is_half_a_turn():
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    turned = Orientation((-1, 0, 0), (0, -1, 0)).turn(image)
    np.testing.assert_array_equal(turned, image[::-1, ::-1])
    assert turned.flags.c_contiguous


AXES = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0))


PLANES = [(across, down) for across in AXES for down in AXES if np.dot(across, down) == 0]


@pytest.mark.parametrize(("across", "down"), PLANES)
def test_turning_back_undoes_turning(across, down):
    image = np.arange(6, dtype=np.float32).reshape(2, 3)
    orientation = Orientation(across, down)
    np.testing.assert_array_equal(orientation.turn_back(orientation.turn(image)), image)

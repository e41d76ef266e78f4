from __future__ import annotations

import numpy as np
import pytest
from tools.phantom.blurred_body import body

from distiliqa.metrics.body_outline import body_outline
from distiliqa.metrics.skin_edge import skin_edges


def edges(hu: np.ndarray, pixel_mm: float = 0.5):
    outline = body_outline(hu)
    assert outline is not None
    return skin_edges(outline, pixel_mm)


def test_profiles_go_from_air_into_the_body_along_its_normal():
    found = edges(body(0.4, noise_hu=0))
    assert found.places.profiles > 400
    assert found.values.shape == found.distance.shape == (found.places.profiles, 24)
    assert (found.values[:, 0] < -990).all()
    assert (found.values[:, -1] > 40).all()
    near = np.abs(found.distance) < 1.5
    slope = np.polyfit(found.distance[near], found.values[near], 1)[0]
    assert slope > 0
    crossing = np.median(found.distance[np.abs(found.values + 300) < 60])
    assert crossing == pytest.approx(0, abs=0.1)


def test_positions_of_the_skin_are_those_of_the_ellipse():
    found = edges(body(0.4, noise_hu=0))
    assert found.depth_mm.shape == (4 * 320,)
    top = np.nanmin(found.depth_mm[:320])
    assert top == pytest.approx(80 - 0.9 * 0.4 * 160, abs=0.7)


@pytest.mark.parametrize("step_hu", [150.0, 300.0])
def test_a_layer_outside_of_the_skin_is_rejected(step_hu: float):
    hu = body(0.4, noise_hu=0)
    outer = body(0.4, noise_hu=0, radius=0.44)
    hu = np.maximum(hu, np.minimum(outer, -1000 + step_hu))
    assert edges(hu).places.profiles == 0


def test_skin_near_the_edge_of_the_field_of_view_is_rejected():
    inside = edges(body(0.4, noise_hu=0, radius=0.4)).places.profiles
    assert edges(body(0.4, noise_hu=0, radius=0.52)).places.profiles < 0.7 * inside


def test_enhanced_skin_is_counted():
    hu = body(0.4, noise_hu=0)
    found = edges(np.where(hu > -600, hu + 80, hu))
    assert found.places.profiles == 0
    assert found.over.profiles > 100


def test_a_choice_holds_for_profiles_and_for_those_that_are_too_bright():
    hu = body(0.4, noise_hu=0)
    hu[:, :160] += 80 * (hu[:, :160] > -600)
    found = edges(hu)
    top = found.chosen(lambda places: places.at < 320)
    assert top.places.profiles == len(top.values) == len(top.distance)
    assert 0 < top.places.profiles < found.places.profiles
    assert 0 < top.over.profiles < found.over.profiles
    assert (top.over.at < 320).all()
    assert top.depth_mm is found.depth_mm

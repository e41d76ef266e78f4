from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.metrics import body_shape, water_equivalent_diameter

SPACING = (0.8, 0.8)


def discs(*parts: tuple[float, float, float], spacing_mm: float = 0.8, side: int = 512):
    """Discs of some HU in air: where they lie from left to right, radius (both mm), HU."""
    y, x = (np.mgrid[:side, :side] - side / 2) * spacing_mm
    image = np.full((side, side), -1000.0)
    for right, radius, hu in parts:
        image[np.hypot(x - right, y) < radius] = hu
    return image


def table() -> np.ndarray:
    """A thin table below, as wide as the field of view nearly."""
    image = np.full((512, 512), -1000.0)
    image[460:468, 60:450] = 100.0
    return image


@pytest.mark.parametrize(("spacing_mm", "side"), [(0.8, 512), (1.6, 256), (0.45, 1024)])
@pytest.mark.parametrize("radius", [50.0, 100.0, 160.0])
def test_a_cylinder_of_water_has_its_own_diameter(spacing_mm: float, side: int, radius: float):
    image = discs((0.0, radius, 0.0), spacing_mm=spacing_mm, side=side)
    found = water_equivalent_diameter(image, (spacing_mm, spacing_mm))
    assert found == pytest.approx(2 * radius, rel=0.01)
    assert body_shape(image).diameter_mm is None
    assert body_shape(image).cleft == pytest.approx(0, abs=0.01)


def test_attenuation_counts_and_not_area():
    lung = discs((0.0, 100.0, 0.0), (0.0, 60.0, -850.0))
    expected = 2 * np.sqrt(100**2 - 0.85 * 60**2)
    assert water_equivalent_diameter(lung, SPACING) == pytest.approx(expected, rel=0.01)
    dense = discs((0.0, 100.0, 200.0))
    assert water_equivalent_diameter(dense, SPACING) == pytest.approx(200 * np.sqrt(1.2), rel=0.01)


def test_pixels_that_are_not_square_and_padding_below_air():
    image = discs((0.0, 100.0, 0.0))
    image[image < -900] = -3024.0
    halved = image[::2]
    assert water_equivalent_diameter(image, SPACING) == pytest.approx(200, rel=0.01)
    assert water_equivalent_diameter(halved, (1.6, 0.8)) == pytest.approx(200, rel=0.01)


def test_noise_and_a_table_move_it_little():
    image = discs((0.0, 100.0, 0.0)) + np.random.default_rng(0).normal(0, 150, (512, 512))
    assert water_equivalent_diameter(image, SPACING) == pytest.approx(200, rel=0.02)
    on_table = np.maximum(discs((0.0, 160.0, 0.0)), table())
    assert water_equivalent_diameter(on_table, SPACING) == pytest.approx(320, rel=0.04)


def test_air_has_no_size_and_no_cleft():
    shape = body_shape(np.full((512, 512), -1000.0), SPACING)
    assert (shape.diameter_mm, shape.cleft, shape.contrast_hu, shape.thick) == (
        0.0,
        0.0,
        None,
        False,
    )


def test_legs_are_parted_and_a_chest_is_not():
    apart = discs((-95.0, 80.0, 50.0), (95.0, 80.0, 50.0))
    assert body_shape(apart).cleft == pytest.approx(1.0)
    assert body_shape(np.maximum(apart, table())).cleft > 0.85
    touching = discs((-79.0, 80.0, 50.0), (79.0, 80.0, 50.0))
    assert 0.6 < body_shape(touching).cleft < 0.95
    lungs = discs((0.0, 150.0, 50.0), (-75.0, 55.0, -850.0), (75.0, 55.0, -850.0))
    assert body_shape(lungs).cleft < 0.6
    arms = discs((0.0, 130.0, 0.0), (-180.0, 40.0, 0.0), (180.0, 40.0, 0.0))
    assert body_shape(arms).cleft < 0.1


def test_contrast_is_that_of_tissues_and_not_of_noise():
    fat, muscle = (0.0, 160.0, -100.0), (0.0, 110.0, 60.0)
    assert body_shape(discs(fat, muscle)).contrast_hu == pytest.approx(160, abs=8)
    water = discs((0.0, 160.0, 0.0)) + np.random.default_rng(1).normal(0, 60, (512, 512))
    assert body_shape(water).contrast_hu == pytest.approx(2.56 * 60 / 8, rel=0.1)
    assert body_shape(discs((0.0, 160.0, 0.0))).contrast_hu == pytest.approx(0, abs=1)
    assert body_shape(discs((0.0, 20.0, 0.0))).contrast_hu is None


def test_real_trunks_are_of_the_size_of_adults_and_not_parted(shared_data: Path):
    shapes = [
        body_shape(ct.hu, ct.spacing_mm)
        for folder in ("normal_dose", "dose_pairs")
        for ct in (ref.read() for ref in index_ct(shared_data / "ct-dev" / folder).slices)
    ]
    diameters = [shape.diameter_mm for shape in shapes if shape.diameter_mm]
    assert 200 < min(diameters) < max(diameters) < 420
    assert max(shape.cleft for shape in shapes) < 0.65
    assert min(shape.contrast_hu for shape in shapes if shape.contrast_hu is not None) > 80

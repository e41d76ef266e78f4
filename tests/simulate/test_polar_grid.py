"""The polar grid against the transform that it interpolates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from distiliqa.simulate.polar_grid import SUPPORT, VIEWS_BEFORE, PolarGrid
from distiliqa.simulate.scanners import ParallelBeam, Rays


@pytest.mark.parametrize("size", [20, 21])
def test_a_pixel_has_the_transform_of_a_pixel(size: int) -> None:
    grid = PolarGrid.of(size)
    down, right = 3, -4  # pixels from the axis of rotation
    image = np.zeros((grid.padded, grid.padded))
    image[down, right] = grid.correction[size // 2 + down, size // 2 + right]
    spectrum = np.fft.fft2(image)
    rows = [(grid.row + tap) % grid.padded for tap in range(SUPPORT)]
    columns = [(grid.column + tap) % grid.padded for tap in range(SUPPORT)]
    found = sum(
        grid.down[i] * grid.across[j] * spectrum[rows[i], columns[j]]
        for i in range(SUPPORT)
        for j in range(SUPPORT)
    )
    theta = np.arange(grid.views) * (math.pi / grid.views)
    frequency = np.arange(grid.samples // 2 + 1.0)
    phase = (right * np.cos(theta) - down * np.sin(theta))[:, None] * frequency / grid.padded
    expected = np.exp(-2j * math.pi * phase).ravel()[grid.inside]
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_rays_are_placed_by_view_and_sample() -> None:
    grid = PolarGrid.of(20)
    beam = ParallelBeam(channels=5, pitch=2.0, views=grid.views)
    view, sample = grid.places(beam.rays(), 2.0)
    np.testing.assert_allclose(view[:, 0], np.arange(grid.views) + VIEWS_BEFORE)
    np.testing.assert_allclose(sample[0], grid.samples // 2 + 2.0 * np.arange(-2, 3))
    turned = Rays(beam.rays().angle + math.pi, beam.rays().offset)
    again, opposite = grid.places(turned, 2.0)
    np.testing.assert_allclose(again, view, atol=1e-9)
    np.testing.assert_allclose(opposite[0], sample[0, ::-1])

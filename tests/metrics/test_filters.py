from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, minimum_filter, uniform_filter

from distiliqa.metrics.filters import (
    block_means,
    box_all,
    box_mean,
    gaussian_mean,
    median,
    mirrored,
    part_means,
    part_moments,
    percentile,
)

VALUES = np.random.default_rng(0).normal(0, 100, (40, 57))


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 13, 39])
def test_box_is_that_of_scipy_inside(size: int):
    before, after = size // 2, size - 1 - size // 2
    expected = uniform_filter(VALUES, size)[before : 40 - after, before : 57 - after]
    np.testing.assert_allclose(box_mean(VALUES, size), expected, atol=1e-10)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 13])
def test_a_box_lies_within_a_mask_where_all_its_pixels_do(size: int):
    mask = np.random.default_rng(1).random((60, 50)) > 1 / size**2
    expected = minimum_filter(mask, size)
    np.testing.assert_array_equal(box_all(mirrored(mask, size), size), expected)
    assert size == 1 or 0 < expected.mean() < 1


def test_box_keeps_the_precision_it_is_given():
    found = box_mean(VALUES.astype(np.float32), 7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, box_mean(VALUES, 7), atol=1e-3)


def test_one_huge_value_does_not_spoil_the_rest_of_its_row():
    values = VALUES.astype(np.float32)
    values[:, 0] = 1e9
    near = box_mean(VALUES, 5)[:, 10:]
    np.testing.assert_allclose(box_mean(values, 5)[:, 10:], near, atol=1e-3)


@pytest.mark.parametrize(("size", "sigma"), [(3, 0.6), (17, 3.4)])
def test_gaussian_is_that_of_scipy_inside(size: int, sigma: float):
    half = size // 2
    whole = gaussian_filter(VALUES, sigma, radius=half)
    found = gaussian_mean(VALUES, size, sigma)
    np.testing.assert_allclose(found, whole[half:-half, half:-half], atol=1e-10)


def test_block_means_are_those_of_the_parts() -> None:
    image = np.arange(7 * 7).reshape(7, 7)
    found = block_means(image, 3)
    assert found.dtype == np.float64
    for row in range(3):
        for column in range(3):
            part = image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            assert found[row, column] == part.mean()
    assert block_means(image > 10, 1)[0, 0] == (image > 10).mean()


def test_means_of_parts_of_many_planes_leave_the_rest_out():
    planes = np.random.default_rng(0).normal(0, 1, (2, 11, 9))
    expected = planes[:, :8, :8].reshape(2, 2, 4, 2, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(part_means(planes, 4), expected)
    means, squares = part_moments(planes[0], 4)
    np.testing.assert_allclose(means, expected[0])
    np.testing.assert_allclose(squares, part_means(planes[0] ** 2, 4))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 2, 7, 101, 1000])
def test_median_and_percentile_are_those_of_numpy(kind: type, count: int):
    values = np.random.default_rng(count).gamma(5, 3, count).astype(kind)
    assert median(values) == pytest.approx(np.median(values), rel=1e-7)
    assert percentile(values, 95) == np.percentile(values, 95)

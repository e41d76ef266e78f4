"""Classical denoisers: their noise level is that of the prepared slice, and edges stay."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.processing.processing import Processing

RNG = np.random.default_rng(0)
FLAT = np.full((96, 80), 40, np.float32)
NOISE = RNG.normal(0, 20, FLAT.shape).astype(np.float32)


def test_a_median_is_that_of_its_square() -> None:
    noisy = FLAT + NOISE
    result = Processing("median", 5).prepared(noisy, 0.7)(noisy)
    assert result[50, 30] == np.median(noisy[48:53, 28:33])
    even = Processing("median", 4).prepared(noisy, 0.7)(noisy)
    assert np.array_equal(even, result)  # the next odd side


@pytest.mark.parametrize("name", ["bilateral", "total_variation", "wavelet", "non_local_means"])
def test_strength_is_relative_to_the_noise_of_the_prepared_slice(name: str) -> None:
    """The same share of the noise goes, whether it is 10 or 20 HU."""
    left = []
    for scale in (0.5, 1):
        noisy = FLAT + scale * NOISE
        result = Processing(name, 0.8).prepared(noisy, 0.7)(noisy)
        left.append(float(result.std() / noisy.std()))
    assert left[0] == pytest.approx(left[1], rel=0.1)
    assert left[0] < 0.9


@pytest.mark.parametrize("name", ["bilateral", "total_variation", "non_local_means"])
def test_an_edge_far_above_the_noise_stays(name: str) -> None:
    step = np.where(np.arange(80) < 40, -100, 200).astype(np.float32)[None, :] + 0.5 * NOISE
    result = Processing(name, 1.5).prepared(step, 0.7)(step).mean(axis=0)
    assert result[40] - result[39] > 250

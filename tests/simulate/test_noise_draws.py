"""Draws of noise: those of torch, and of a seed alone."""

from __future__ import annotations

import numpy as np
import torch

from distiliqa.simulate.noise_draws import noise_draws, noise_seed, stream_seed


def test_torch_draws_the_same() -> None:
    seed = noise_seed(3, "1.2.3")
    shape = (2, 90, 176)
    generator = torch.Generator().manual_seed(stream_seed(seed))
    expected = torch.randn(shape, generator=generator).numpy()
    found = noise_draws(shape, seed)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_any_number_can_be_drawn() -> None:
    assert noise_draws((3, 7), 1).shape == (3, 7)
    np.testing.assert_array_equal(noise_draws((21,), 1), noise_draws((32,), 1)[:21])


def test_draws_are_standard_normal() -> None:
    drawn = noise_draws((400, 500), 5)
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1) < 0.01
    assert abs(np.mean(drawn < -1.6449) - 0.05) < 0.002
    assert abs(np.corrcoef(drawn[:, 0::2].ravel(), drawn[:, 1::2].ravel())[0, 1]) < 0.01


def test_the_seed_is_that_of_image_and_frame() -> None:
    seeds = {noise_seed(*of) for of in ((0, "1.2"), (1, "1.2"), (0, "1.3"), (0, "1.2", 1))}
    assert len(seeds) == 4
    assert noise_seed(0, "1.2") == noise_seed(0, "1.2", 0) < 2**56
    assert stream_seed(5, 0) != stream_seed(5, 1)

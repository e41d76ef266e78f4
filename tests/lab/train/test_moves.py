"""Moves that should not change a score."""

from __future__ import annotations

import numpy as np
import torch

from distiliqa.lab.train.losses import FARTHEST, moved


def test_the_middle_stays_but_for_a_flip_or_turn_and_a_shift() -> None:
    image = torch.zeros(2, 1, 64, 64)
    image[..., 24:40, 24:40] = torch.rand(16, 16)
    rng = np.random.default_rng(0)
    seen = [moved(image, rng) for _ in range(30)]
    for each in seen:
        assert each.shape == image.shape
        torch.testing.assert_close(each.sum(), image.sum())
        torch.testing.assert_close(each.flatten().sort().values, image.flatten().sort().values)
    assert len({tuple(each.flatten().tolist()) for each in seen}) == 30


def test_air_comes_in_at_the_edge() -> None:
    image = torch.ones(1, 1, 64, 64)
    for seed in range(20):
        shown = moved(image, np.random.default_rng(seed))
        lost = 64 * 64 - int(shown.sum())
        assert 0 <= lost <= 64 * 64 - (64 - FARTHEST) ** 2
        assert set(shown.unique().tolist()) <= {0.0, 1.0}

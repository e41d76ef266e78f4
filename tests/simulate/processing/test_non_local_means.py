"""Non-local means: the kind does what ``--smoothing`` does, and weak ones blend it in."""

from __future__ import annotations

import numpy as np

from distiliqa.simulate.processing.non_local_means import smoothed
from distiliqa.simulate.processing.processing import Processing

NOISY = np.random.default_rng(0).normal(40, 20, (72, 64)).astype(np.float32)


def test_the_kind_is_the_denoiser_of_smoothing() -> None:
    for strength in (0.4, 1.0, 2.5):
        kind = Processing("non_local_means", strength).prepared(NOISY, 0.7)(NOISY)
        assert np.array_equal(kind, smoothed(NOISY, 0.7, strength))


def test_below_the_weakest_filter_it_is_blended_in() -> None:
    half, whole = (
        Processing("non_local_means", strength).prepared(NOISY, 0.7)(NOISY) - NOISY
        for strength in (0.2, 0.4)
    )
    assert np.allclose(2 * half, whole, atol=1e-3)

"""The label of an image by its similarity to the full dose."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.data.labels import similarity_label

FULL = np.random.default_rng(0).normal(40, 30, (32, 32)).round()


def test_the_full_dose_itself_scores_one() -> None:
    assert similarity_label(FULL, FULL) == 1


def test_more_noise_scores_less() -> None:
    noise = np.random.default_rng(1).normal(0, 30, FULL.shape)
    scores = [similarity_label(FULL + share * noise, FULL) for share in (0.2, 0.5, 1.0, 2.0)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.9 > 0.5 > scores[-1]


def test_what_the_window_hides_does_not_count() -> None:
    full = np.where(FULL > 40, 900.0, -900.0)
    assert similarity_label(full + 100, full) == 1


def test_integers_and_floats_give_the_same() -> None:
    noisy = (FULL + 25).astype(np.int16)
    expected = similarity_label(FULL + 25, FULL)
    assert similarity_label(noisy, FULL.astype(np.float32)) == pytest.approx(expected, abs=1e-12)

"""Scales that differ are noted; a model that is only wrong is not."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.lab.evaluate.scale_notes import scale_notes

TRUE = np.linspace(0.2, 3.9, 30)
RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "scores",
    [TRUE / 4, 25 * TRUE, 100 - 20 * TRUE, TRUE + 5],
)
def test_scores_on_another_scale(scores: np.ndarray) -> None:
    (note,) = scale_notes(scores, TRUE, None)
    assert "seem to be on different scales" in note


@pytest.mark.parametrize(
    "scores",
    [
        TRUE + RNG.normal(0, 1, 30),
        np.full(30, 2.0),
        2 + RNG.normal(0, 0.1, 30),
        4 - TRUE,
        0.3 * TRUE + 1 + RNG.normal(0, 0.5, 30),
    ],
)
def test_scores_that_are_wrong_on_the_same_scale(scores: np.ndarray) -> None:
    assert scale_notes(scores, TRUE, (0.0, 4.0)) == ()


def test_a_few_images_show_no_scale() -> None:
    assert scale_notes(np.array([3.6, 3.8, 3.9]), np.array([3.4, 3.6, 3.7]), None) == ()


def test_labels_beyond_the_scale_of_the_model() -> None:
    (note,) = scale_notes(TRUE, TRUE, (0.0, 1.0))
    assert "labels from 0.2 to 3.9 leave the scale of the model, 0 to 1" in note

"""Scales that differ are noted; a model that is only wrong is not."""

from __future__ import annotations

import numpy as np

from distiliqa.lab.evaluate.scale_notes import scale_notes

TRUE = np.linspace(0.2, 3.9, 30)


def test_scores_on_another_scale_are_noted_with_both_ranges() -> None:
    (note,) = scale_notes(25 * TRUE, TRUE, None)
    assert "labels from 0.2 to 3.9 and scores from 5 to 97.5 seem to be on different" in note


def test_scores_that_are_nearly_constant_are_only_wrong() -> None:
    scores = 2 + np.random.default_rng(0).normal(0, 0.1, 30)
    assert scale_notes(scores, TRUE, (0.0, 4.0)) == ()


def test_a_few_images_show_no_scale() -> None:
    assert scale_notes(np.array([3.6, 3.8, 3.9]), np.array([3.4, 3.6, 3.7]), None) == ()


def test_labels_beyond_the_scale_of_the_model() -> None:
    (note,) = scale_notes(TRUE, TRUE, (0.0, 1.0))
    assert "labels from 0.2 to 3.9 leave the scale of the model, 0 to 1" in note

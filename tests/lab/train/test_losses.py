"""Symmetries and shifts under which a score should not change."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distiliqa.lab.train.losses import (
    MAX_SHIFT,
    DistillationLoss,
    ScoreLoss,
    error_of_differences,
    under_symmetry,
)

OUTPUTS = torch.tensor([[0.5, 0.7], [0.2, 0.2]])
LABELS = torch.tensor([0.5, 0.4])
TEACHERS = torch.tensor([[0.5, 0.5], [0.9, 0.9]])  # right on the first image, wrong on the second


def test_score_loss_is_weighted_absolute_plus_squared_error():
    loss = ScoreLoss(l1_weight=2.0, mse_weight=3.0)
    found = loss(torch.tensor([[0.5, 0.9]]), torch.tensor([[0.4, 1.0]]))
    assert found.item() == pytest.approx(2 * 0.1 + 3 * 0.01)


def test_what_is_wrong_in_all_versions_of_a_slice_alike_does_not_count():
    labels = torch.tensor([1.0, 2.0, 3.0, 0.0, 4.0])
    slices = torch.tensor([0, 0, 1, 1, -1])
    found = error_of_differences(labels + torch.tensor([1.0, 1.0, 0.0, 0.0, 9.0]), labels, slices)
    assert found == 0
    wrong = labels + torch.tensor([0.5, -0.5, 0.0, 0.0, 9.0])
    assert error_of_differences(wrong, labels, slices).item() == pytest.approx(0.5)
    assert error_of_differences(wrong, labels, torch.full((5,), -1)) == 0


def test_teachers_are_followed_image_by_image_where_they_are_right():
    loss, share = DistillationLoss(weight=0.75, gate=0.05)(OUTPUTS, LABELS, TEACHERS)
    to_label = (0.1 + 0.01, 0.2 + 0.04)
    to_teachers = (0 + 0.2) / 2 + (0 + 0.04) / 2
    assert loss.item() == pytest.approx((sum(to_label) + 0.75 * to_teachers) / 2)
    assert share.item() == 0.5


def test_published_gate_needs_the_whole_batch():
    loss, share = DistillationLoss(variant="published")(OUTPUTS, LABELS, TEACHERS)
    assert loss.item() == pytest.approx((0.11 + 0.24) / 2)
    assert share.item() == 0


def test_published_gate_replaces_the_label_term():
    loss, share = DistillationLoss(variant="published")(OUTPUTS[:1], LABELS[:1], TEACHERS[:1])
    assert loss.item() == pytest.approx(0.75 * ((0 + 0.2) / 2 + (0 + 0.04) / 2))
    assert share.item() == 1


def test_gate_is_closed_by_its_width():
    _, share = DistillationLoss(gate=0.0)(OUTPUTS, LABELS, TEACHERS + 0.01)
    assert share.item() == 0


def test_the_middle_stays_but_for_a_flip_or_turn_and_a_shift() -> None:
    image = torch.zeros(2, 1, 64, 64)
    image[..., 24:40, 24:40] = torch.rand(16, 16)
    rng = np.random.default_rng(0)
    seen = [under_symmetry(image, rng) for _ in range(30)]
    for shuffled in seen:
        assert shuffled.shape == image.shape
        torch.testing.assert_close(shuffled.sum(), image.sum())
        torch.testing.assert_close(shuffled.flatten().sort().values, image.flatten().sort().values)
    assert len({tuple(shuffled.flatten().tolist()) for shuffled in seen}) == 30


def test_air_comes_in_at_the_edge() -> None:
    image = torch.ones(1, 1, 64, 64)
    for seed in range(20):
        shown = under_symmetry(image, np.random.default_rng(seed))
        lost = 64 * 64 - int(shown.sum())
        assert 0 <= lost <= 64 * 64 - (64 - MAX_SHIFT) ** 2
        assert set(shown.unique().tolist()) <= {0.0, 1.0}

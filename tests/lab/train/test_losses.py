from __future__ import annotations

import pytest
import torch

from distiliqa.lab.train.losses import DistillationLoss, ScoreLoss

OUTPUTS = torch.tensor([[0.5, 0.7], [0.2, 0.2]])
LABELS = torch.tensor([0.5, 0.4])
TEACHERS = torch.tensor([[0.5, 0.5], [0.9, 0.9]])  # right on the first image, wrong on the second


def test_score_loss_is_weighted_absolute_plus_squared_error():
    loss = ScoreLoss(l1_weight=2.0, mse_weight=3.0)
    found = loss(torch.tensor([[0.5, 0.9]]), torch.tensor([[0.4, 1.0]]))
    assert found.item() == pytest.approx(2 * 0.1 + 3 * 0.01)


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

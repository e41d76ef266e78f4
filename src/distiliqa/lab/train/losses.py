"""What a teacher and a student are trained to make small.

Source: Baldeon-Calisto et al. 2024, doi 10.1016/j.compbiomed.2024.108670.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from distiliqa.lab.train.processes import true_on_all


@dataclass(frozen=True)
class ScoreLoss:
    """Weighted sum of absolute and squared error, for each image of a batch."""

    l1_weight: float = 1.0
    mse_weight: float = 1.0

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Errors of (N, k) predictions against (N, k) targets, mean over k: (N,)."""
        error = predictions - targets
        return (self.l1_weight * error.abs() + self.mse_weight * error.square()).mean(dim=1)


class Distilled(NamedTuple):
    """The student's loss, and the share of the batch on which the teachers were followed."""

    loss: Tensor
    open_share: Tensor


@dataclass(frozen=True)
class DistillationLoss:
    """The student's loss: error to the label, plus error to those teachers that are right.

    Attributes
    ----------
    weight : of the teachers' term.
    gate : the teachers are followed on images where their mean is at most this far from the
        label, in units of the score.
    variant : ``added`` adds the teachers' term image by image, as the paper writes it.
        ``published`` does as the published code: the gate opens only when every image of the
        batch passes it, and the teachers' term then replaces the label's.
    """

    loss: ScoreLoss = ScoreLoss()
    weight: float = 0.75
    gate: float = 0.05
    variant: Literal["added", "published"] = "added"

    def __call__(self, outputs: Tensor, labels: Tensor, teachers: Tensor) -> Distilled:
        """Loss of student outputs (N, k) for labels (N,) and teacher outputs (N, k)."""
        to_labels = self.loss(outputs.mean(dim=1, keepdim=True), labels[:, None])
        to_teachers = self.weight * self.loss(outputs, teachers)
        is_open = (teachers.mean(dim=1) - labels).abs() <= self.gate
        if self.variant == "published":
            is_open = true_on_all(is_open.all()).expand_as(is_open)
            loss = to_teachers.where(is_open, to_labels).mean()
        else:
            loss = (to_labels + to_teachers * is_open).mean()
        return Distilled(loss, is_open.float().mean())

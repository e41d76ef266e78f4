"""Losses of teacher and student, and the symmetries under which outputs should not change.

Source: Baldeon-Calisto et al. 2024, doi 10.1016/j.compbiomed.2024.108670.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from distiliqa.lab.data.dataset import SYMMETRIES, apply_symmetry, shifted
from distiliqa.lab.train.distributed import true_on_all

_NOTHING = 1e-6


@dataclass(frozen=True)
class ScoreLoss:
    """Weighted sum of absolute and squared error, for each image of a batch."""

    l1_weight: float = 1.0
    mse_weight: float = 1.0

    def __call__(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """Errors of (N, k) predictions against (N, k) targets, mean over k: (N,)."""
        error = predictions - targets
        return (self.l1_weight * error.abs() + self.mse_weight * error.square()).mean(dim=1)


def map_errors(quality: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Mean absolute error of maps, weighted by tissue: (N,), 0 for an image without tissue.

    Parameters
    ----------
    quality, labels, weight : (N, r, c).
    """
    errors = (weight * (quality - labels).abs()).flatten(1).sum(dim=1)
    return errors / weight.flatten(1).sum(dim=1).clamp_min(_NOTHING)


def processed_errors(logits: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy of logits (N,) with 1, 0 or NaN, (N,); 0 where unknown."""
    target = known.nan_to_num(0.5)
    errors = binary_cross_entropy_with_logits(logits, target, reduction="none")
    return errors * known.isfinite()


def mean_where(errors: Tensor, known: Tensor) -> Tensor:
    """Mean of errors (N,) over the images that are known, (); 0 where none is."""
    return (errors * known).sum() / known.sum().clamp_min(1)


def error_of_differences(predictions: Tensor, labels: Tensor, version_of: Tensor) -> Tensor:
    """Mean absolute error of the differences between versions of one slice, (); 0 without any.

    What a network gets wrong in all versions of a slice alike does not count, so it is a loss of
    their order. All arguments are (N,); a ``version_of`` below 0 is no slice.
    """
    errors = predictions - labels
    same = (version_of[:, None] == version_of) & (version_of >= 0)
    pairs = same & ~torch.eye(len(errors), dtype=torch.bool, device=errors.device)
    apart = (errors[:, None] - errors).abs() * pairs
    return apart.sum() / pairs.sum().clamp_min(1)


class Distilled(NamedTuple):
    """Loss of the student, and the share of the batch on which it followed the teachers."""

    loss: Tensor
    open_share: Tensor


@dataclass(frozen=True)
class DistillationLoss:
    """Loss of the student: error to the label, plus error to teachers that are close to it.

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


MAX_SHIFT = 16  # pixels in each direction


def under_symmetry(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Slices flipped or turned, then shifted by whole pixels; none of it changes image quality.

    All slices of a batch get the same symmetry and shift. No pixel is interpolated; air, 0, fills
    the edge.

    Parameters
    ----------
    images : (N, 1, S, S), windowed, in [0, 1].
    """
    turned = apply_symmetry(images, int(rng.integers(1, SYMMETRIES)))
    down, right = (int(pixels) for pixels in rng.integers(-MAX_SHIFT, MAX_SHIFT + 1, 2))
    return shifted(turned, down, right)

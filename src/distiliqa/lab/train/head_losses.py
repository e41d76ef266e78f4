"""Losses of the heads beside the score: the quality map, and whether an image was processed."""

from __future__ import annotations

import torch
from torch import Tensor

from distiliqa.lab.network.network import Heads
from distiliqa.lab.train.losses import map_errors, mean_where, processed_errors
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.lab.train.targets import Targets


def loss_of_heads(heads: Heads, targets: Targets, step: StepSection) -> Tensor:
    """Sum of the losses by the weights of the step, (); images without a label do not count."""
    loss = heads.scores.new_zeros((), dtype=torch.float32)
    if heads.map is not None and targets.quality is not None and targets.weight is not None:
        errors = map_errors(heads.map.float(), targets.quality, targets.weight)
        known = targets.weight.flatten(1).any(dim=1)
        loss = loss + step.map_weight * mean_where(errors, known)
    if heads.processed is not None and targets.processed is not None:
        errors = processed_errors(heads.processed.float(), targets.processed)
        known = targets.processed.isfinite()
        loss = loss + step.processed_weight * mean_where(errors, known)
    return loss


def errors_of_heads(heads: Heads, targets: Targets) -> dict[str, Tensor]:
    """Errors of validation images by the name of their column, (N,); NaN where unknown."""
    errors = {}
    if heads.map is not None and targets.quality is not None and targets.weight is not None:
        found = map_errors(heads.map.float(), targets.quality, targets.weight)
        errors["val_map_mae"] = found.where(targets.weight.flatten(1).any(dim=1), torch.nan)
    if heads.processed is not None and targets.processed is not None:
        found = processed_errors(heads.processed.float(), targets.processed)
        errors["val_processed_loss"] = found.where(targets.processed.isfinite(), torch.nan)
    return errors

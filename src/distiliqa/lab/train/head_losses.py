"""Losses beside that of the score: of order, the quality map, and processing."""

from __future__ import annotations

import torch
from torch import Tensor

from distiliqa.lab.network.network import Heads
from distiliqa.lab.train.batch_labels import BatchLabels
from distiliqa.lab.train.losses import (
    error_of_differences,
    map_errors,
    mean_where,
    processed_errors,
)
from distiliqa.lab.train.recipe_sections import StepSection


def loss_of_heads(heads: Heads, labels: BatchLabels, step: StepSection) -> Tensor:
    """Sum of these losses by the weights of the step, (); images without a label do not count."""
    loss = heads.scores.new_zeros((), dtype=torch.float32)
    if step.pair_weight and labels.version_of is not None:
        scores = heads.scores.float().mean(dim=1)
        errors = error_of_differences(scores, labels.score, labels.version_of)
        loss = loss + step.pair_weight * errors
    if heads.map is not None and labels.quality is not None and labels.weight is not None:
        errors = map_errors(heads.map.float(), labels.quality, labels.weight)
        known = labels.weight.flatten(1).any(dim=1)
        loss = loss + step.map_weight * mean_where(errors, known)
    if heads.processed is not None and labels.processed is not None:
        errors = processed_errors(heads.processed.float(), labels.processed)
        known = labels.processed.isfinite()
        loss = loss + step.processed_weight * mean_where(errors, known)
    return loss


def errors_of_heads(heads: Heads, labels: BatchLabels) -> dict[str, Tensor]:
    """Errors of validation images by the name of their column, (N,); NaN where unknown."""
    errors = {}
    if heads.map is not None and labels.quality is not None and labels.weight is not None:
        found = map_errors(heads.map.float(), labels.quality, labels.weight)
        errors["val_map_mae"] = found.where(labels.weight.flatten(1).any(dim=1), torch.nan)
    if heads.processed is not None and labels.processed is not None:
        found = processed_errors(heads.processed.float(), labels.processed)
        errors["val_processed_loss"] = found.where(labels.processed.isfinite(), torch.nan)
    return errors

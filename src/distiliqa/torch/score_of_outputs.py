"""From the outputs of a network to the score, in torch, as `distiliqa.scoring.postprocess`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from distiliqa.lab.network.network import Heads
from distiliqa.models.attributes import Attribute
from distiliqa.models.config import ModelConfig
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale


def score_of_outputs(heads: Heads, config: ModelConfig) -> Tensor:
    """Scores (B,) on the scale of the model, of slices that show a patient."""
    outputs = _wide(heads.scores)
    if config.attributes:
        outputs = closeness(outputs, config.attributes)
    score = outputs.mean(dim=1)
    if config.processed_calibration is not None and heads.processed is not None:
        probability = _wide(heads.processed).sigmoid()
        score = held_back(score, probability, config.processed_calibration, config.network_scale)
    return score if config.score_map is None else mapped(score, config.score_map, config.scale)


def _wide(values: Tensor) -> Tensor:
    """Values in float32, or in float64 as they are."""
    return values if values.dtype == torch.float64 else values.float()


def closeness(values: Tensor, attributes: Sequence[Attribute]) -> Tensor:
    """Closeness of attributes (B, n) to their best, see `Attribute.closeness`."""
    parts = [
        1
        - (column.clamp(one.low, one.high) - one.best).abs()
        / max(one.best - one.low, one.high - one.best)
        for one, column in zip(attributes, values.unbind(dim=1), strict=True)
    ]
    return torch.stack(parts, dim=1)


def held_back(
    score: Tensor, probability: Tensor, calibration: ProcessedCalibration, scale: ScoreScale
) -> Tensor:
    """Scores (B,) of slices that were processed, see `distiliqa.scoring.hold_back.held_back`."""
    share = (probability - calibration.threshold).clamp_min(0) / (1 - calibration.threshold)
    size = calibration.held_back * share
    if scale.higher_is_better:
        return torch.minimum(score, (score - size).clamp_min(scale.low))
    return torch.maximum(score, (score + size).clamp_max(scale.high))


def mapped(score: Tensor, score_map: ScoreMap, scale: ScoreScale) -> Tensor:
    """Scores (B,) on the scale of a site's readers, see `distiliqa.models.score_map`."""
    share = (score_map.intercept + score_map.slope * score).sigmoid()
    return scale.low + (scale.high - scale.low) * share

"""From the score of the network to the scale of a site's readers, see `distiliqa.models.score_map`.

Score, outputs, interval and heatmap are mapped, and the spread is that of the mapped outputs. The
interval is set by the readers' ratings. For a processed slice it reaches at least as far as the
mapped interval of the network: detail may be lost that no reader of the calibration saw.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from distiliqa.models.config import ModelConfig
from distiliqa.models.score_map import ScoreMap
from distiliqa.scoring.hold_back import Interval, reaching_down
from distiliqa.scoring.slice_score import SliceScore


def mapped(scored: SliceScore, config: ModelConfig, score_map: ScoreMap) -> SliceScore:
    """Map a score that is on the scale of the network."""
    scale = config.scale
    outputs = score_map.apply(scored.outputs, scale)
    score = scale.worst if scored.empty else score_map.of_one(scored.score, scale)
    spread = None if scored.spread is None else float(outputs.std(ddof=1))
    heatmap = scored.heatmap
    if heatmap is not None:
        heatmap = score_map.apply(heatmap, scale).astype(np.float32)
    return replace(
        scored,
        score=score,
        outputs=tuple(outputs.tolist()),
        spread=spread,
        heatmap=heatmap,
        interval=_interval(scored, score, spread or 0.0, config, score_map),
        unmapped=scored.score,
    )


def _interval(
    scored: SliceScore, score: float, spread: float, config: ModelConfig, score_map: ScoreMap
) -> Interval | None:
    calibration, probability = config.interval_calibration, scored.processed or 0.0
    if calibration is None or scored.empty:
        return None
    interval = calibration.interval(score, spread, config.scale, probability)
    processing = config.processed_calibration
    if processing is None or not scored.counts_as_processed:
        return interval
    raw = scored.raw_score
    reached = reaching_down((raw, raw), probability, processing, config.network_scale)
    ends = [*interval, *score_map.apply(reached, config.scale).tolist()]
    return min(ends), max(ends)

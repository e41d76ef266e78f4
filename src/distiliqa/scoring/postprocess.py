"""From the outputs of the network to the score: spread, interval, domain, processing, heatmap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import block_means
from distiliqa.models.attributes import closeness
from distiliqa.models.config import DISTANCE, HEATMAP, MIN_SHOWN, OUTPUT, PROCESSED, ModelConfig
from distiliqa.scoring.apply_map import mapped
from distiliqa.scoring.domain import check_domain, unlike_training
from distiliqa.scoring.hold_back import LOST_DETAIL, held_back, reaching_down
from distiliqa.scoring.prepare import Prepared
from distiliqa.scoring.slice_score import SliceScore

Outputs = Mapping[str, NDArray[np.floating]]


def postprocess(
    prepared: Prepared, found: Outputs, config: ModelConfig, *, keep_heatmap: bool = True
) -> SliceScore:
    """Make the score of a slice.

    Parameters
    ----------
    prepared : Prepared
        The slice as the network saw it.
    found : Outputs
        The outputs of the network for it, by name.
    keep_heatmap : bool
        Give it its ``heatmap``, if the model has them.
    """
    scored = _held_back(_scored(prepared, found, config), config)
    if keep_heatmap and HEATMAP in found:
        scored = replace(scored, heatmap=_without_air(found[HEATMAP], prepared.image))
    return scored if config.score_map is None else mapped(scored, config, config.score_map)


def _held_back(scored: SliceScore, config: ModelConfig) -> SliceScore:
    calibration, probability = config.processed_calibration, scored.processed
    if calibration is None or probability is None or not calibration.counts(probability):
        return scored
    interval = scored.interval
    if interval is not None:
        interval = reaching_down(interval, probability, calibration, config.network_scale)
    return replace(
        scored,
        score=held_back(scored.score, probability, calibration, config.network_scale),
        interval=interval,
        warnings=(*scored.warnings, LOST_DETAIL),
        counts_as_processed=True,
    )


def _scored(prepared: Prepared, found: Outputs, config: ModelConfig) -> SliceScore:
    """Make the score of a slice as if it were not processed, on the scale of the network."""
    ct, outputs = prepared.ct, found[OUTPUT].astype(np.float64)
    attributes = None
    if config.attributes:
        values = zip(config.attributes, outputs.tolist(), strict=True)
        attributes = {one.name: min(max(value, one.low), one.high) for one, value in values}
        outputs = closeness(config.attributes, outputs)
    score = config.network_scale.worst if prepared.empty else float(outputs.mean())
    alike = attributes is None and len(outputs) > 1
    spread = float(outputs.std(ddof=1)) if alike else None
    distance, strange = _domain(prepared, found, config)
    unlike = () if prepared.empty else tuple(unlike_training(ct, config))
    of_network = not prepared.empty and config.score_map is None
    return SliceScore(
        score=score,
        outputs=tuple(outputs.tolist()),
        spread=spread,
        warnings=(*prepared.warnings, *unlike, *strange),
        model=config.title,
        window=config.window,
        info=ct.info,
        noise_hu=prepared.noise_hu,
        comparison=prepared.comparison,
        interval=_interval(score, spread, found, config) if of_network else None,
        distance=distance,
        empty=prepared.empty,
        unlike=bool(unlike) or prepared.shifted,
        processed=_probability(found) if not prepared.empty else None,
        measures=prepared.measures,
        attributes=None if prepared.empty else attributes,
    )


def _probability(found: Outputs) -> float | None:
    """The probability of processing; rounding of bf16 may leave 0 to 1."""
    return min(max(float(found[PROCESSED]), 0.0), 1.0) if PROCESSED in found else None


def _domain(
    prepared: Prepared, found: Outputs, config: ModelConfig
) -> tuple[float | None, tuple[str, ...]]:
    """Find the distance, and its warnings."""
    if config.domain is None:
        return None, ()
    distance = float(found[DISTANCE])
    if prepared.empty:
        return distance, ()
    return check_domain(config.domain, distance, prepared.shape)


def _interval(
    score: float, spread: float | None, found: Outputs, config: ModelConfig
) -> tuple[float, float] | None:
    calibration = config.interval_calibration
    if calibration is None:
        return None
    return calibration.interval(score, spread or 0.0, config.scale, _probability(found) or 0.0)


def _without_air(heatmap: NDArray[np.floating], image: NDArray[np.floating]) -> NDArray[np.float32]:
    """Set patches that show next to nothing through the window to NaN."""
    shown = block_means(image, len(heatmap)) > MIN_SHOWN
    return np.where(shown, heatmap, np.float32(np.nan))

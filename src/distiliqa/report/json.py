"""``scores.json``: the scores with where they come from."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from typing import Any

from distiliqa.models.folder import ONNX, ModelConfig
from distiliqa.scoring.result import Comparison, ScoringRun, SeriesScore, SliceScore
from distiliqa.version import __version__

DIGITS = 6


def scores_record(run: ScoringRun) -> dict[str, Any]:
    """The content of ``scores.json``: what scored, then series and slices in reading order."""
    record = {
        "distiliqa": __version__,
        "model": model_facts(run.model),
        "settings": settings(run.model),
        "complete": run.stopped is None and not run.failed,
        "series": [_series(run, each) for each in run.series],
        "failed": [each._asdict() for each in run.failed],
        "left_out": [each._asdict() for each in run.left_out],
    }
    return _finite(record)


def _finite(content: Any) -> Any:
    """The content with null in the place of numbers that JSON has no word for."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def print_json(run: ScoringRun) -> None:
    """Print the content of ``scores.json`` on the standard output."""
    json.dump(scores_record(run), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def model_facts(config: ModelConfig) -> dict[str, Any]:
    """Which model scored, exactly, and what its scores mean."""
    return {
        "name": config.name,
        "version": config.version,
        "sha256": config.files[ONNX],
        "scale": asdict(config.scale),
    }


def settings(config: ModelConfig) -> dict[str, Any]:
    """How slices were shown to the model: ``window`` in HU, ``image_size`` in pixels."""
    return {"window": asdict(config.window), "image_size": config.image_size}


def _series(run: ScoringRun, series: SeriesScore) -> dict[str, Any]:
    return {
        "series": series.series,
        "score": round(series.score, DIGITS),
        "interval": rounded(series.interval),
        "outside": sum(each.outside for each in series.slices),
        "counted": len(series.known),
        "noise_hu": rounded(series.noise_hu),
        "acquisition": {name: rounded(made) for name, made in asdict(series.acquisition).items()},
        "varies": {
            name: {end: rounded(number) for end, number in found._asdict().items()}
            for name, found in series.variations.items()
        },
        "warnings": list(series.warnings),
        "slices": [_slice(run, each) for each in series.slices],
    }


def _slice(run: ScoringRun, each: SliceScore) -> dict[str, Any]:
    return {
        "path": each.path,
        "slice": each.frame,
        "sha256": run.sha256_of(each.path),
        "position_mm": each.position_mm,
        "score": round(each.score, DIGITS),
        "spread": rounded(each.spread),
        "interval": rounded(each.interval),
        "distance": rounded(each.distance),
        "outside": each.outside,
        "empty": each.empty,
        "outputs": [round(value, DIGITS) for value in each.outputs],
        "noise_hu": rounded(each.noise_hu),
        "comparison": _comparison(run, each.comparison),
        "warnings": list(each.warnings),
        "acquisition": asdict(each.acquisition),
    }


def _comparison(run: ScoringRun, found: Comparison | None) -> dict[str, Any] | None:
    """The reference slice and the metrics against it; None where no reference was given."""
    if found is None:
        return None
    return {
        "reference": found.reference,
        "sha256": None if found.reference is None else run.sha256_of(found.reference),
        "ssim": rounded(found.ssim),
        "psnr": rounded(found.psnr),
        "vif": rounded(found.vif),
        "gmsd": rounded(found.gmsd),
    }


def rounded(value: Any) -> Any:
    """A number, or the numbers of an interval, as results are written; all else as it is."""
    if isinstance(value, tuple):
        return [rounded(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) else value

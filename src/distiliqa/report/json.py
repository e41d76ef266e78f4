"""``scores.json`` and ``run.json``: scores with their provenance, and the record of a run."""

from __future__ import annotations

import json
import math
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from statistics import fmean
from typing import Any

from distiliqa.extras import package_versions
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.report.column import Column
from distiliqa.report.columns import (
    COMPARED,
    FACTS,
    SCORES_CSV,
    row_of,
    series_columns,
    slice_columns,
)
from distiliqa.report.dose_facts import dose_record, unmatched_records
from distiliqa.report.level_checks import level_checks
from distiliqa.report.mean_columns import MEASURES, known_values
from distiliqa.report.measure_facts import measures_record, pooled_record, reason_counts
from distiliqa.report.standard_names import unmapped
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.version import __version__

DIGITS = 6
ENGINES = ("onnxruntime", "onnxruntime-gpu", "openvino", "numpy", "pydicom", "nibabel", "tifffile")

_DOMAIN = slice_columns("distance", "outside")
# What came after the first release stands last in a slice; the others have their own place.
_LAST = [
    *(
        column
        for column in SCORES_CSV[SCORES_CSV.index(COMPARED[-1]) + 1 :]
        if column not in (*FACTS, *_DOMAIN)
    ),
    *slice_columns("counts_as_processed", "raw_score", "unmapped_score"),
]


def scores_record(run: ScoringRun) -> dict[str, Any]:
    """The content of ``scores.json``: what scored, then series and slices in reading order."""
    record = {
        "distiliqa": __version__,
        "model": model_facts(run.model),
        "settings": run_settings(run),
        "complete": run.stopped is None and not run.failed,
        "series": [_series(run, series) for series in run.series],
        "failed": [problem._asdict() for problem in run.failed],
        "left_out": [problem._asdict() for problem in run.left_out],
        "unmatched_events": unmatched_records(run),
        "sha256": run.sha256_beside,
    }
    return _finite(record)


def _finite(content: Any) -> Any:
    """The content with null for numbers that JSON lacks: NaN and infinities."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def print_json(run: ScoringRun) -> None:
    """Print the content of ``scores.json`` on the standard output."""
    json.dump(scores_record(run), sys.stdout, indent=1, allow_nan=False)
    sys.stdout.write("\n")


def run_record(run: ScoringRun, *, identify: bool = False) -> dict[str, Any]:
    """The content of ``run.json``: software, model, settings, input hashes, timings, errors.

    Parameters
    ----------
    identify : bool
        Name protocol and description of series that no rule gives a standard name.
    """
    return {
        **environment(),
        "model": model_facts(run.model),
        "settings": run_settings(run),
        "slices": {"found": run.found, "scored": len(run.slices)},
        "stopped": None if run.stopped is None else str(run.stopped) or "interrupted",
        "errors": [problem._asdict() for problem in run.failed],
        "left_out": [problem._asdict() for problem in run.left_out],
        "unmatched_events": unmatched_records(run),
        "unmapped": [asdict(one) for one in unmapped(run, identify=identify)],
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "sha256": run.all_sha256,
    }


def environment() -> dict[str, object]:
    """Versions of distiliqa, Python and the engines, and the platform; no host and no user."""
    return {
        "distiliqa": __version__,
        "python": platform.python_version(),
        "engines": package_versions(ENGINES),
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def model_facts(config: ModelConfig) -> dict[str, Any]:
    """The model that scored, the scale of its scores, and their map to readers' ratings if any."""
    facts = {
        "name": config.name,
        "version": config.version,
        "sha256": config.files[ONNX],
        "scale": asdict(config.scale),
    }
    return facts if config.score_map is None else facts | {"score_map": asdict(config.score_map)}


def settings(config: ModelConfig) -> dict[str, Any]:
    """The input of the model: ``window`` in HU, ``image_size`` in pixels."""
    return {"window": asdict(config.window), "image_size": config.image_size}


def run_settings(run: ScoringRun) -> dict[str, Any]:
    """All that changes the numbers of a run beside its slices and its model."""
    return settings(run.model) | {
        "inputs": list(run.inputs),
        "reference": run.reference,
        "count_outside": run.count_outside,
        "measures": run.measures,
        "dose_reports": [report.path for report in run.dose_reports],
        "protocols": None if run.protocols is None else run.protocols.path,
        "levels": None if run.levels is None else run.levels.path,
        "execution": execution_facts(run.execution),
    }


def _series(run: ScoringRun, series: SeriesScore) -> dict[str, Any]:
    return {
        **_plain(series_columns("series", "score"), series),
        "interval": rounded(series.interval),
        **_plain(series_columns("outside", "counted", "noise_hu"), series),
        "acquisition": _plain(FACTS, series),
        "varies": {
            name: {end: rounded(number) for end, number in found._asdict().items()}
            for name, found in series.variations.items()
        },
        "warnings": list(series.warnings),
        **_plain(series_columns("processed", "processed_slices"), series),
        "over_slices": _over_slices(series),
        "pooled": rounded(pooled_record(series)),
        "not_measured": reason_counts(series),
        "dose": dose_record(series),
        "standard_name": series.standard_name,
        "levels": _levels(series),
        "complete": series.complete,
        "slices": [_slice(run, slice_) for slice_ in series.slices],
    }


def _levels(series: SeriesScore) -> list[dict[str, Any]] | None:
    """The checks of a series; None in a run without levels."""
    if series.limits is None:
        return None
    return [
        {
            "measure": check.measure,
            "value": rounded(check.value),
            "low": check.range.low,
            "high": check.range.high,
            "verdict": check.verdict,
        }
        for check in level_checks(series)
    ]


def _over_slices(series: SeriesScore) -> dict[str, dict[str, Any]]:
    """Mean, lowest and highest of each measure over the slices that count; none that is unknown."""
    values = {column.name: known_values(series, column) for column in MEASURES}
    return {
        name: {
            "mean": rounded(fmean(found)),
            "low": rounded(min(found)),
            "high": rounded(max(found)),
        }
        for name, found in values.items()
        if found
    }


def _slice(run: ScoringRun, slice_: SliceScore) -> dict[str, Any]:
    """The facts of a slice, those of an interval, an acquisition and a comparison together."""
    return {
        **_plain(slice_columns("path", "slice"), slice_),
        "sha256": run.sha256_of(slice_.path),
        **_plain(slice_columns("position_mm", "score", "spread"), slice_),
        "interval": rounded(slice_.interval),
        **_plain((*_DOMAIN, *slice_columns("empty", "outputs", "noise_hu")), slice_),
        "comparison": _comparison(run, slice_),
        "warnings": list(slice_.warnings),
        "acquisition": _plain(FACTS, slice_),
        **_plain(_LAST, slice_),
        "attributes": rounded(slice_.attributes),
        "measures": rounded(measures_record(slice_.measures)),
    }


def _comparison(run: ScoringRun, slice_: SliceScore) -> dict[str, Any] | None:
    """The reference slice and the metrics against it; None where no reference was given."""
    if slice_.comparison is None:
        return None
    reference = slice_.comparison.reference
    return {
        "reference": reference,
        "sha256": None if reference is None else run.sha256_of(reference),
        **_plain(COMPARED, slice_),
    }


def _plain(columns: Iterable[Column], scored: SliceScore | SeriesScore) -> dict[str, Any]:
    return {name: rounded(value) for name, value in row_of(columns, scored).items()}


def rounded(value: Any) -> Any:
    """Numbers, also those of an interval or a record, as results are written; all else as it is."""
    if isinstance(value, dict):
        return {key: rounded(content) for key, content in value.items()}
    if isinstance(value, tuple):
        return [rounded(number) for number in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def execution_facts(execution: Execution) -> dict[str, Any]:
    """The execution of the model; ``lanes`` is the former name of ``parallel_batches``."""
    return asdict(execution) | {"lanes": execution.parallel_batches}

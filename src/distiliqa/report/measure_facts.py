"""Measures in ``scores.json``, with their parameters, and why slices have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from distiliqa.metrics.slice_measures import NOISE_IN, SliceMeasures
from distiliqa.report.column import Column
from distiliqa.scoring.series_score import SeriesScore

# Arrays, and reasons, which have a place of their own.
_NOT_HERE = {
    *("response", "spectrum", "radial", "sectors_hu", "evidence"),
    *("reason", "reasons", "f10_reason"),
}

# Names of measures among reasons, by the column of their value.
_REASONS = {
    "noise_hu": "noise",
    "mtf50_per_mm": "mtf",
    "dprime": "detectability",
    "dw_mm": "size",
    "ssde_mgy": "ssde",
}


def measures_record(measures: SliceMeasures | None) -> dict[str, Any] | None:
    """The measures of a slice, their parameters, and why values are missing."""
    return None if measures is None else _facts(measures) | {"reasons": measures.reasons}


def pooled_record(series: SeriesScore) -> dict[str, Any] | None:
    """The measures of all slices that count together; None unless asked for."""
    pooled = series.pooled
    if pooled is None:
        return None
    return _facts(pooled) | {"reasons": pooled.reasons}


def reason_counts(series: SeriesScore) -> dict[str, dict[str, int]]:
    """How many slices that count lack a measure, by measure and reason, the commonest first."""
    counts: dict[str, Counter[str]] = {}
    for slice_ in series.known:
        reasons = {} if slice_.measures is None else slice_.measures.reasons
        for measure, reason in reasons.items():
            counts.setdefault(measure, Counter())[reason] += 1
    return {measure: dict(found.most_common()) for measure, found in counts.items()}


def commonest_reason(series: SeriesScore, column: str) -> str | None:
    """Why most slices that lack a measure lack it, by the name of its column; None if not known."""
    return next(iter(reason_counts(series).get(_REASONS[column], {})), None)


def _facts(held: Any) -> dict[str, Any]:
    return dict(_entries(held))


def _entries(held: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(held):
        if field.name not in _NOT_HERE:
            value = getattr(held, field.name)
            yield field.name, _facts(value) if is_dataclass(value) else value


def _not_measured(series: SeriesScore) -> str | None:
    """``rings 2 (no noise)``: measures, the slices that lack them, and the commonest reason."""
    texts = [
        f"{measure} {sum(reasons.values())} ({next(iter(reasons))})"
        for measure, reasons in reason_counts(series).items()
        if not measure.startswith(NOISE_IN)  # most slices lack a tissue, and no table has them
    ]
    return "; ".join(texts) or None


NOT_MEASURED = Column(
    "not_measured",
    "",
    None,
    "Measures that slices lack, how many of them, and the commonest reason.",
    _not_measured,
    "series",
    term="Not measured",
)

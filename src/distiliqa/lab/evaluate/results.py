"""The files of an evaluation: the two published tables, everything as JSON, and a scatter plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from distiliqa.files import write_json, write_text
from distiliqa.lab.evaluate.evaluation import Evaluation
from distiliqa.lab.evaluate.scatter import write_scatter
from distiliqa.statistics.agreement import METRICS, Agreement
from distiliqa.version import __version__

METRICS_TABLE, IMAGES_TABLE = "accumulate_metrics.csv", "eval_info.csv"
SUMMARY, SCATTER = "evaluation.json", "scatter.png"
# As the published code writes them with pandas: the index has no name, `overall ` ends in a space,
# and `patient` is the path of the image.
_PUBLISHED_METRICS = ("", "overall ", *METRICS[1:])
_PUBLISHED_IMAGES = ("", "patient", "true", "pred")


def write_evaluation(
    evaluation: Evaluation, folder: Path, *, provenance: Mapping[str, Any] | None = None
) -> None:
    """Write ``accumulate_metrics.csv``, ``eval_info.csv``, ``evaluation.json``, ``scatter.png``.

    The two tables begin with the published columns, in their spelling (see `_PUBLISHED_METRICS`).

    Parameters
    ----------
    provenance : what was evaluated and how, such as hashes of the inputs; goes into the JSON.

    Raises
    ------
    DistiliqaError : ``folder`` cannot be written.
    """
    metrics = evaluation.metrics.as_dict()
    header = (*_PUBLISHED_METRICS, "overall")
    _write_csv(folder / METRICS_TABLE, header, [(0, *metrics.values(), metrics["overall"])])
    predictions = zip(evaluation.images, evaluation.predicted.tolist(), strict=True)
    rows = (
        (row, image.path, image.score, predicted, image.name)
        for row, (image, predicted) in enumerate(predictions)
    )
    _write_csv(folder / IMAGES_TABLE, (*_PUBLISHED_IMAGES, "image"), rows)
    write_json(folder / SUMMARY, summarize(evaluation) | dict(provenance or {}))
    write_scatter(evaluation, folder / SCATTER)


def summarize(evaluation: Evaluation) -> dict[str, Any]:
    """What `evaluation.json` says, as plain values; no nan."""
    intervals = evaluation.intervals
    return {
        "distiliqa": __version__,
        "metrics": _agreement(evaluation.metrics),
        "notes": evaluation.notes,
        "bootstrap": {
            "level": intervals.level,
            "intervals": intervals.bounds,
            "drawn": evaluation.grouped_by,
            "groups": intervals.groups,
            "resamples": intervals.resamples,
            "undefined": intervals.undefined,
        },
        "label_grid": evaluation.step,
        "rounded_to_grid": evaluation.rounded and _agreement(evaluation.rounded),
        "label_quarters": [
            {"low": quarter.low, "high": quarter.high}
            | (_agreement(quarter.metrics) if quarter.metrics else {"n": 0})
            for quarter in evaluation.quarters
        ],
        "cases": {name: _agreement(metrics) for name, metrics in evaluation.cases.items()},
    }


def _agreement(metrics: Agreement) -> dict[str, Any]:
    return {"n": metrics.n, **metrics.as_dict(), "notes": metrics.notes}


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())

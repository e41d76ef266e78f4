"""Files of an evaluation: two tables as published, all figures as JSON, and a scatter plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from distiliqa.files import atomic_path, write_csv, write_json
from distiliqa.lab.evaluate.evaluation import Evaluation
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
    provenance : facts of the run for the JSON, such as hashes of the inputs.

    Raises
    ------
    DistiliqaError : ``folder`` cannot be written.
    """
    metrics = evaluation.metrics.as_dict()
    header = (*_PUBLISHED_METRICS, "overall")
    write_csv(folder / METRICS_TABLE, header, [(0, *metrics.values(), metrics["overall"])])
    predictions = zip(evaluation.images, evaluation.predicted.tolist(), strict=True)
    rows = (
        (row, image.path, image.score, predicted, image.name)
        for row, (image, predicted) in enumerate(predictions)
    )
    write_csv(folder / IMAGES_TABLE, (*_PUBLISHED_IMAGES, "image"), rows)
    write_json(folder / SUMMARY, summarize(evaluation) | dict(provenance or {}))
    write_scatter(evaluation, folder / SCATTER)


def summarize(evaluation: Evaluation) -> dict[str, Any]:
    """Content of ``evaluation.json``, as plain values without NaN."""
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
        "srocc_within": {by: asdict(found) for by, found in evaluation.within.items()},
        "logistic_fit": evaluation.logistic and asdict(evaluation.logistic),
        "interval_coverage": evaluation.coverage and asdict(evaluation.coverage),
        "domain": {
            side: _agreement(metrics) if metrics else {"n": 0}
            for side, metrics in evaluation.domain.items()
        },
        "difference": evaluation.difference
        and {name: asdict(found) for name, found in evaluation.difference.items()},
    }


def _agreement(metrics: Agreement) -> dict[str, Any]:
    return {"n": metrics.n, **metrics.figures(), "notes": metrics.notes}


# More colors are hard to distinguish.
_MAX_CASES = 10


def write_scatter(evaluation: Evaluation, path: Path) -> None:
    """Write a PNG: one point an image, by case where there are 2 to 10, and the identity line.

    Raises
    ------
    DistiliqaError : ``path`` cannot be written.
    """
    figure = Figure(figsize=(5.5, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    true = np.array([image.score for image in evaluation.images])
    ends = np.array([true, evaluation.predicted])
    margin = 0.05 * (np.ptp(ends) or 1.0)
    limits = (ends.min() - margin, ends.max() + margin)
    axes.axline((limits[0], limits[0]), slope=1, color="0.6", linewidth=1, zorder=0)
    for label, chosen in _series(evaluation).items():
        axes.scatter(true[chosen], evaluation.predicted[chosen], s=14, alpha=0.6, label=label)
    if len(axes.collections) > 1:
        axes.legend(fontsize="small", frameon=False)
    metrics = evaluation.metrics
    axes.set(xlim=limits, ylim=limits, aspect="equal", xlabel="rating", ylabel="prediction")
    axes.set_title(
        f"n = {metrics.n}   PLCC {metrics.plcc:.3f}   SROCC {metrics.srocc:.3f}   "
        f"KROCC {metrics.krocc:.3f}",
        fontsize="medium",
    )
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=150)


def _series(evaluation: Evaluation) -> dict[str, list[int]]:
    """Positions of the images of each color."""
    everything = list(range(len(evaluation.images)))
    if not 2 <= len(evaluation.cases) <= _MAX_CASES:
        return {"all": everything}
    series: dict[str, list[int]] = {}
    for i in everything:
        series.setdefault(evaluation.images[i].case or "no case", []).append(i)
    return series

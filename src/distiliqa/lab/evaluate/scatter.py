"""Predictions against ratings as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from distiliqa.files import atomic_path
from distiliqa.lab.evaluate.evaluation import Evaluation

# More colors than this cannot be told apart.
_MOST_CASES = 10


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
    if not 2 <= len(evaluation.cases) <= _MOST_CASES:
        return {"all": everything}
    series: dict[str, list[int]] = {}
    for i in everything:
        series.setdefault(evaluation.images[i].case or "no case", []).append(i)
    return series

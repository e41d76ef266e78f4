"""Plots of a benchmark: the figure of each method, and the same against its cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from distiliqa.files import atomic_path
from distiliqa.lab.benchmark.benchmark_table import BenchmarkTable


def plot_figures(table: BenchmarkTable, path: Path) -> None:
    """Draw the primary figure of each method, with its interval, as a PNG."""
    primary = table.run.recipe.primary
    known = [row for row in table.rows if row.figures[primary] is not None][::-1]
    figure, axes = _axes(1.2 + 0.3 * len(known))
    for place, row in enumerate(known):
        value, bounds = row.figures[primary], row.intervals.bounds[primary]
        axes.plot([value], [place], "o", color="black", markersize=4)
        if bounds is not None:
            axes.plot(bounds, [place, place], color="black", linewidth=1)
    axes.set_yticks(range(len(known)), [row.result.method.name for row in known])
    axes.set_xlabel(f"{primary}, with 95 % interval over patients")
    _save(figure, path)


def plot_cost(table: BenchmarkTable, path: Path) -> None:
    """Draw the primary figure against the operations of a slice, as a PNG."""
    primary = table.run.recipe.primary
    figure, axes = _axes(4.5)
    for row in table.rows:
        cost, value = row.result.cost, row.figures[primary]
        if cost is not None and value is not None:
            axes.plot([cost.flop / 1e9], [value], "o", color="black", markersize=4)
            place = (cost.flop / 1e9, value)
            axes.annotate(
                row.result.method.name, place, (4, 2), textcoords="offset points", fontsize="small"
            )
    axes.set_xscale("log")
    axes.set(xlabel="GFLOP a slice", ylabel=primary)
    _save(figure, path)


def _axes(height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(7, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=150)

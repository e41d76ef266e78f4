"""The results as tables and plots: ``benchmarks/results`` and ``docs/performance.md``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib

from distiliqa.files import atomic_path

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Results = dict[str, Any]
_VERDICTS = {None: "", True: "reached", False: "missed"}
_STYLES = ("o-", "s--", "^:", "D-.", "v-", "x--")


def table(results: Results) -> str:
    """All figures, Markdown, by benchmark."""
    return "\n".join([*_machine(results["machine"]), *_sections(results, {})]) + "\n"


def page(results: Results, plots: dict[str, str]) -> str:
    """``docs/performance.md``: the figures, and the plots at their paths relative to it."""
    lines = [
        "# Performance",
        "",
        "Made by `make bench`. Figures that are compared ran in turns, or right after each other, "
        "on one machine; a ratio is the median over the turns. Bounds are the project's.",
        "",
        *_machine(results["machine"]),
        *_sections(results, plots),
    ]
    return "\n".join(lines) + "\n"


def _machine(facts: dict[str, Any]) -> list[str]:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return [
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gib']} GiB, "
        f"GPU: {facts['gpu'] or 'none'}. {facts['system']}, Python {facts['python']}, {versions}. "
        f"Load at the start: {facts['load_at_start']}.",
        "",
    ]


def _sections(results: Results, plots: dict[str, str]) -> Iterator[str]:
    for found in results["benchmarks"]:
        yield from (f"## {found['title']}", "", found["about"], "")
        if found["figures"]:
            yield from ("| figure | value | bound | verdict | note |", "|---|---|---|---|---|")
            yield from map(_row, found["figures"])
            yield ""
        for curve in found["curves"]:
            yield from _curve(curve, plots.get(curve["title"]))
        for reason in found["left_out"]:
            yield from (f"Left out: {reason}", "")


def _row(figure: dict[str, Any]) -> str:
    low, high, value = figure["at_least"], figure["at_most"], figure["value"]
    bounds = [f"≥ {low:g}"] if low is not None else []
    bounds += [f"≤ {high:g}"] if high is not None else []
    reached = (
        None if not bounds else (low is None or value >= low) and (high is None or value <= high)
    )
    cells = (
        figure["name"],
        f"{value:.4g} {figure['unit']}",
        ", ".join(bounds),
        _VERDICTS[reached],
        figure["note"],
    )
    return "| " + " | ".join(cells) + " |"


def _curve(curve: dict[str, Any], plot: str | None) -> Iterator[str]:
    if plot is not None:
        yield from (f"![{curve['title']}]({plot})", "")
    else:
        yield from (f"{curve['title']} ({curve['y']} against {curve['x']})", "")
        for name, points in curve["points"].items():
            yield f"- {name}: " + ", ".join(f"{x:g}: {y:.4g}" for x, y in points)
        yield ""
    if curve["about"]:
        yield from (curve["about"], "")


def draw(curve: dict[str, Any], folder: Path) -> Path:
    """Plot a curve, both axes from 0 or logarithmic where it spans more than a hundredfold."""
    figure, axes = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    for style, (name, points) in zip(_STYLES * 3, curve["points"].items(), strict=False):
        axes.plot(*zip(*points, strict=True), style, label=name, markersize=4)
    for axis, at in (("x", 0), ("y", 1)):
        values = [point[at] for points in curve["points"].values() for point in points]
        if min(values) > 0 and max(values) > 100 * min(values):
            getattr(axes, f"set_{axis}scale")("log")
        else:
            getattr(axes, f"set_{axis}lim")(0)
    axes.set(title=curve["title"], xlabel=curve["x"], ylabel=curve["y"])
    axes.legend(fontsize=8)
    path = folder / (re.sub(r"[^a-z0-9]+", "_", curve["title"].lower()).strip("_") + ".png")
    with atomic_path(path) as partial:
        figure.savefig(partial, dpi=110, format="png", metadata={"Software": None})
    plt.close(figure)
    return path

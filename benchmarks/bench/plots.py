"""Curves as SVG, the same bytes for the same numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import matplotlib

from bench.figures import Curve
from distiliqa.files import atomic_path

matplotlib.use("svg")
import matplotlib.pyplot as plt

_STYLE: Any = {"svg.hashsalt": "distiliqa", "svg.fonttype": "none", "font.size": 10}


def picture_name(curve: Curve) -> str:
    """Name of the file of a curve."""
    return re.sub(r"[^a-z0-9]+", "_", curve.title.lower()).strip("_") + ".svg"


def draw(curve: Curve, path: Path) -> None:
    """Plot a curve on logarithmic axes, on which what grows in proportion has slope one."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
        for name, points in curve.points.items():
            axes.plot(*zip(*sorted(points), strict=True), marker="o", label=name)
        axes.set(xlabel=curve.x, ylabel=curve.y, xscale="log", yscale="log")
        places = sorted({x for points in curve.points.values() for x, _ in points})
        axes.set_xticks(places, [f"{x:g}" for x in places])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter("{x:g}")
        axes.grid(color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
        if len(curve.points) > 1:
            axes.legend(frameon=False)
        with atomic_path(path) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)

"""Results of a benchmark: figures with their bounds, curves, and their file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value.

    Attributes
    ----------
    name : what was measured, in words that stand alone in a table.
    unit : ``times``, ``slices/s``, ``s``, ``MiB`` and the like.
    at_least, at_most : what it must reach; None for a figure without a bound.
    note : how it was measured, or why a bound is missed.
    """

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """True if the value is within its bounds; None without bounds."""
        if self.at_least is None and self.at_most is None:
            return None
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)


@dataclass(frozen=True)
class Curve:
    """Growth of cost: points (x, y) by name.

    Attributes
    ----------
    about : explanation of the growth, and of any part that is not linear.
    """

    title: str
    x: str
    y: str
    points: dict[str, list[tuple[float, float]]]
    about: str = ""


@dataclass(frozen=True)
class Found:
    """Results of one benchmark, in the order of the report.

    Attributes
    ----------
    about : the programs that are compared, and the data.
    left_out : programs that could not run here, with the reason.
    """

    title: str
    about: str
    figures: list[Figure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_found(content: dict[str, Any]) -> Found:
    """Parse the JSON of a benchmark."""
    curves = []
    for curve in content["curves"]:
        points = {name: [(x, y) for x, y in line] for name, line in curve["points"].items()}
        curves.append(Curve(**curve | {"points": points}))
    figures = [Figure(**figure) for figure in content["figures"]]
    return Found(**content | {"figures": figures, "curves": curves})


def main(measure: Callable[[], Found], description: str | None) -> None:
    """The command line of a benchmark: measure, print, and write JSON with ``--json``."""
    options = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    options.add_argument("--json", type=Path, help="write what was found here")
    args = options.parse_args()
    publish(measure(), args.json)


def publish(found: Found, json_file: Path | None) -> None:
    """Print what was found, and write it as JSON."""
    for figure in found.figures:
        verdict = {None: "", True: "reached", False: "MISSED"}[figure.reached]
        print(f"{figure.name:60} {figure.value:10.4g} {figure.unit:10} {verdict}")
    for reason in found.left_out:
        print(f"left out: {reason}")
    if json_file:
        json_file.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")

"""The results as text: the table of ``benchmarks/results`` and ``docs/performance.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.figures import Curve, Figure, Found

_SMALLEST = 1e-6  # that is shown
VERDICTS = {None: "", True: "reached", False: "**missed**"}


def table(results: Mapping[str, Found], failed: Mapping[str, str]) -> str:
    """All figures, by benchmark, with what each should be."""
    rows = ["| figure | measured | bound | |", "|---|---|---|---|"]
    for found in results.values():
        rows.append(f"| **{found.title}** | | | |")
        rows += [_row(figure) for figure in found.figures]
    rows += [f"| `{name}.py` | failed: {reason} | | |" for name, reason in failed.items()]
    return "\n".join(rows)


def page(
    results: Mapping[str, Found],
    failed: Mapping[str, str],
    facts: Mapping[str, str],
    pictures: Mapping[str, str],
) -> str:
    """``docs/performance.md``.

    Parameters
    ----------
    failed : why benchmarks gave nothing, by name.
    pictures : path of the plot of a curve, relative to the page, by the title of the curve.
    """
    parts = [
        "# Performance",
        "`make bench` writes this page. It measures everything in one run on one machine. "
        "Programs that are compared take turns, and a ratio is the median over rounds. Ratios "
        "hold for other machines too, seconds do not. A bound is what the project requires of "
        "itself.",
        "## The machine",
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
        "## All figures",
        table(results, failed),
    ]
    for found in results.values():
        parts += [f"## {found.title}", found.about, *_notes(found), *_curves(found, pictures)]
    return "\n\n".join(part for part in parts if part) + "\n"


def short(path: Path) -> str:
    """Path relative to the project, for the page and the screen."""
    return path.relative_to(Path(__file__).resolve().parents[2]).as_posix()


def without_places(text: str) -> str:
    """Replace absolute paths, which show details of the machine, by ``a file``."""
    return re.sub(r"(?<![\w.])(?:[A-Za-z]:)?[/\\][\w.+-]+(?:[/\\][\w.+-]+)+", "a file", text)


def _row(figure: Figure) -> str:
    verdict = VERDICTS[figure.reached]
    return (
        f"| {figure.name} | {number(figure.value)} {figure.unit} | {_bound(figure)} | {verdict} |"
    )


def number(value: float) -> str:
    """Three digits, without an exponent."""
    if value == 0:
        return "0"
    if abs(value) < _SMALLEST:
        return f"below {_SMALLEST:f}"
    digits = 0
    while abs(value) * 10**digits < 100 and digits < 6:
        digits += 1
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def _bound(figure: Figure) -> str:
    bounds = (("at least", figure.at_least), ("at most", figure.at_most))
    return ", ".join(f"{word} {value:g}" for word, value in bounds if value is not None)


def _notes(found: Found) -> Iterable[str]:
    notes = [f"- {figure.name}: {figure.note}." for figure in found.figures if figure.note]
    notes += [f"- Left out: {reason}." for reason in found.left_out]
    if notes:
        yield "\n".join(notes)


def _curves(found: Found, pictures: Mapping[str, str]) -> Iterable[str]:
    for curve in found.curves:
        yield f"### {curve.title}"
        if curve.title in pictures:
            yield f"![{curve.title}]({pictures[curve.title]})"
        yield _points(curve)
        if curve.about:
            yield curve.about


def _points(curve: Curve) -> str:
    """A table with a row for each x and a column for each name."""
    columns = list(curve.points)
    places = sorted({x for points in curve.points.values() for x, _ in points})
    values = {name: dict(points) for name, points in curve.points.items()}
    head = f"| {curve.x} | " + " | ".join(f"{name} ({curve.y})" for name in columns) + " |"
    rows = [
        f"| {x:g} | "
        + " | ".join(number(values[name][x]) if x in values[name] else "" for name in columns)
        + " |"
        for x in places
    ]
    return "\n".join([head, "|" + "---|" * (len(columns) + 1), *rows])

"""The section of one series: its figures, facts, plots, pictures and slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from distiliqa.models.folder import ScoreScale
from distiliqa.report.entry import Entry
from distiliqa.report.example_pictures import Picture, Pictures
from distiliqa.report.facts import FACTS, protocol, scanner, told
from distiliqa.report.formatting import interval_told, number_told
from distiliqa.report.html.figure import Figures, figure, score_figure, slice_figure
from distiliqa.report.html.notes import Note, Notes, count_warnings
from distiliqa.report.html.slices import slice_table
from distiliqa.report.names import Names
from distiliqa.report.plots import profile
from distiliqa.report.ranks import percentile
from distiliqa.scoring.result import SeriesScore, SliceScore

CAPTIONS = {
    "worst": "Worst slice",
    "median": "Median slice",
    "best": "Best slice",
    "only": "The slice",
}


class Shown(NamedTuple):
    """A picture with its caption."""

    caption: str
    about: str
    picture: Picture


def section(
    scale: ScoreScale, entry: Entry, names: Names, notes: Notes, pictures: Pictures
) -> dict[str, Any]:
    """What the template says of a series."""
    slices, made = entry.series.slices, entry.series.acquisition
    return {
        "entry": entry,
        "about": ", ".join(filter(None, (scanner(made), protocol(made)))),
        "uid": entry.series.series if names.identify else "",
        "figures": _figures(entry),
        "facts": _facts(entry.series.known),
        "warnings": _warnings(entry.series, notes),
        "plots": _plots(entry, scale) if len(slices) > 1 else {},
        "pictures": _pictures(entry, names, pictures) if entry.pictured else [],
        "table": slice_table(entry, notes, identify=names.identify) if len(slices) > 1 else None,
    }


def _figures(entry: Entry) -> Figures:
    series, one = entry.series, len(entry.series.slices) == 1
    found = {"Score" if one else "Mean": score_figure(series.score, series.interval)}
    if not one:
        found["Worst slice"] = slice_figure(entry, entry.ranked[0])
        found["10th percentile"] = slice_figure(entry, percentile(entry.ranked, 0.1))
        found["Slices"] = figure(f"{len(series.slices)}")
    noise = number_told(series.noise_hu, 1) or "not known"
    return found | {"Noise level (GNL), HU": figure(noise)}


def _facts(slices: Sequence[SliceScore]) -> list[tuple[str, str]]:
    acquisitions = [each.acquisition for each in slices]
    found = ((name, told(acquisitions, field), unit) for field, (name, unit) in FACTS.items())
    return [
        (name, f"{text} {unit}".strip() if text else "not stated") for name, text, unit in found
    ]


def _warnings(series: SeriesScore, notes: Notes) -> list[Note]:
    """The notes of a series, those of slices with the number of its slices that have each."""
    whole = [notes[text]._replace(where="") for text in series.warnings]
    counted = count_warnings(series.slices)
    return whole + [notes[text]._replace(where=where) for text, where in counted.items()]


def _plots(entry: Entry, scale: ScoreScale) -> dict[str, Markup]:
    """Score and noise level along z; along the number of the slice where z is not known."""
    slices = entry.series.slices
    known = all(each.position_mm is not None for each in slices)
    x = [each.position_mm or 0.0 if known else n for n, each in enumerate(slices, start=1)]
    along: dict[str, Any] = {
        "x": x,
        "x_label": "z, mm" if known else "slice",
        "marks": [each.outside for each in slices],
        "hrefs": [f"#{entry.slice_id(n)}" for n in range(1, len(slices) + 1)],
    }
    low, high = ([end and end[n] for end in (each.interval for each in slices)] for n in (0, 1))
    score = profile(
        y=[each.score for each in slices],
        low=low,
        high=high,
        y_label="score",
        y_limits=(scale.low, scale.high),
        **along,
    )
    noise = profile(y=[each.noise_hu for each in slices], y_label="noise level, HU", **along)
    return {_about_score(slices): score, "Global noise level, from zero.": noise}


def _about_score(slices: Sequence[SliceScore]) -> str:
    """What is drawn in the plot of scores."""
    band = any(each.interval is not None for each in slices)
    hollow = any(each.outside for each in slices)
    return (
        "Score, on the whole scale."
        + (" The band is its interval." if band else "")
        + (" Hollow dots are outside what the model was trained on." if hollow else "")
    )


def _pictures(entry: Entry, names: Names, pictures: Pictures) -> list[Shown]:
    shown = []
    for word, each in entry.examples.items():
        noise = "" if each.noise_hu is None else f", GNL {each.noise_hu:.1f} HU"
        score = f"score {each.score:.2f}"
        if each.interval is not None:
            score += f" ({interval_told(each.interval)})"
        outside = ", outside what the model knows" if each.outside else ""
        about = f"{names.slice(each, entry.number_of(each))}: {score}{noise}{outside}"
        shown.append(Shown(CAPTIONS[word], about, pictures[each.path, each.frame]))
    return shown

"""A figure in large print, with what belongs to it in small print behind it."""

from __future__ import annotations

from markupsafe import Markup

from distiliqa.report.entry import Entry
from distiliqa.report.formatting import interval_told
from distiliqa.scoring.result import SliceScore

Figures = dict[str, Markup]


def figure(text: str, small: str = "") -> Markup:
    """A figure and a few words."""
    return Markup("{} <small>{}</small>").format(text, small) if small else Markup.escape(text)


def score_figure(score: float, interval: tuple[float, float] | None) -> Markup:
    """A score and its interval."""
    return figure(f"{score:.2f}", interval_told(interval))


def slice_figure(entry: Entry, each: SliceScore) -> Markup:
    """The score of a slice of this series, which leads to it, and its number."""
    number = entry.number_of(each)
    link = Markup('<a href="#{}">{}</a>').format(entry.slice_id(number), f"{each.score:.2f}")
    return link if len(entry.series.slices) == 1 else figure(link, f"slice {number}")

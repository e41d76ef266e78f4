"""One fact of each slice, or of each series, in results: name, unit, digits, meaning, value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from distiliqa.errors import one_line
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

Level = Literal["slice", "series"]
SCALE = "scale of the model"  # the unit of scores


@dataclass(frozen=True)
class Column:
    """One fact of each slice, or of each series.

    Attributes
    ----------
    name : str
        Name in files; a quantity has its unit in it.
    unit : str
        ``1`` for a ratio; empty for text, counts and flags.
    digits : int or None
        Digits after the point in texts; None for what is not a number.
    meaning : str
        One sentence, for the documentation and for the title of a heading.
    value : Callable[[Any], Any]
        Takes the fact from a `SliceScore`, or from a `SeriesScore` where ``level`` is ``series``;
        None where it is not known.
    term : str
        The name of the fact for people.
    heading : str
        The head of its column on a page, if term and unit are too long.
    """

    name: str
    unit: str
    digits: int | None
    meaning: str
    value: Callable[[Any], Any]
    level: Level = "slice"
    term: str = ""
    heading: str = ""

    @property
    def shown_unit(self) -> str:
        """The unit as people read it behind a number; empty for ratios and scores."""
        return "" if self.unit in ("1", SCALE) else self.unit

    @property
    def title(self) -> str:
        """Term and unit."""
        return f"{self.term}, {self.shown_unit}" if self.shown_unit else self.term

    @property
    def head(self) -> str:
        """The head of its column on a page."""
        return self.heading or self.title

    def text(self, scored: SliceScore | SeriesScore) -> str:
        """The fact as people read it; empty where it is not known."""
        value = self.value(scored)
        if value is None:
            return ""
        return one_line(str(value)) if self.digits is None else f"{value:.{self.digits}f}"

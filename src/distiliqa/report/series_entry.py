"""The series of a report in the order of their scores, and the anchors of links."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.names import Names
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

# They keep a page of thousands of slices quick to open and under 30 MB.
MAX_SECTIONS = 200
MAX_PICTURED = 40

TENTH = 0.1


class Scored(Protocol):
    """What has a score: a slice, a series, an entry."""

    @property
    def score(self) -> float:  # noqa: D102
        ...


Item = TypeVar("Item", bound=Scored)


@dataclass(frozen=True)
class SeriesEntry:
    """A series in a report.

    Attributes
    ----------
    number : int
        Its place in the run, from 1.
    name : str
        Its name on the page.
    ranked : list[SliceScore]
        The slices that count for its score, the worst first.
    shown : bool
        Whether it has a section of its own, not only a row in the table.
    pictured : bool
        Whether its section has pictures.
    """

    number: int
    name: str
    series: SeriesScore
    ranked: list[SliceScore]
    shown: bool
    pictured: bool

    @property
    def heading(self) -> str:
        """Its name as a heading, with the word series once: folders may be called so too."""
        if self.name.startswith("series "):
            return self.name.replace("s", "S", 1)
        return self.name if self.name.lower().startswith("series") else f"Series {self.name}"

    @property
    def score(self) -> float:
        """Mean score of the series."""
        return self.series.score

    @property
    def tenth(self) -> SliceScore | None:
        """The slice at the 10th percentile; None where only one counts."""
        return percentile(self.ranked, TENTH) if len(self.ranked) > 1 else None

    @property
    def tenth_text(self) -> str:
        """Score at the 10th percentile; empty where there is none."""
        return "" if self.tenth is None else f"{self.tenth.score:.2f}"

    @property
    def id(self) -> str:
        """The anchor of its section, or where it has none of its row."""
        return f"s{self.number}" if self.shown else self.row_id

    @property
    def row_id(self) -> str:
        """The anchor of its row."""
        return f"r{self.number}"

    def slice_id(self, slice_: SliceScore) -> str:
        """The anchor of the row of a slice, or of the section of a series of one slice."""
        alone = len(self.series.slices) == 1
        return self.id if alone or not self.shown else f"{self.id}-{slice_.number}"

    @property
    def examples(self) -> dict[str, SliceScore]:
        """Different slices to show as worst, median and best, or as the only one."""
        worst, median, best = self.ranked[0], percentile(self.ranked, 0.5), self.ranked[-1]
        if worst is best:
            return {"only": worst} if len(self.series.slices) == 1 else {"worst": worst}
        between = {} if median is worst else {"median": median}
        return {"worst": worst, **between, "best": best}


def list_series(run: ScoringRun, names: Names) -> list[SeriesEntry]:
    """The entries of all series in reading order; of very many, the worst have a section."""
    scale, found = run.model.scale, run.series
    worst = [id(series) for series in worst_first(found, scale)]
    shown, pictured = set(worst[:MAX_SECTIONS]), set(worst[:MAX_PICTURED])
    return [
        SeriesEntry(
            number=number,
            name=name,
            series=series,
            ranked=worst_first(series.known, scale),
            shown=id(series) in shown,
            pictured=id(series) in pictured,
        )
        for number, (name, series) in enumerate(zip(names.series, found, strict=True), start=1)
    ]


def any_measured(entries: Iterable[SeriesEntry]) -> bool:
    """Whether anything was measured beside the scores of a run."""
    return any(slice_.measures for entry in entries for slice_ in entry.series.slices)


def worst_first(scored: Iterable[Item], scale: ScoreScale) -> list[Item]:
    """What has a score, from the worst to the best; equal scores stay in their order."""
    sign = 1 if scale.higher_is_better else -1
    return sorted(scored, key=lambda one: sign * one.score)


def percentile(ranked: Sequence[SliceScore], share: float) -> SliceScore:
    """The slice that ``share`` of the slices, in (0, 1], are as bad as or worse than.

    It is one of the slices, the nearest rank, never a value between two.
    """
    return ranked[max(0, math.ceil(share * len(ranked) - 1e-9) - 1)]

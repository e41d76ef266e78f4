"""The series of a run as the page lists them, with the places that links lead to."""

from __future__ import annotations

from dataclasses import dataclass

from distiliqa.models.folder import ScoreScale
from distiliqa.report.names import Names
from distiliqa.report.ranks import percentile, worst_first
from distiliqa.scoring.result import ScoringRun, SeriesScore, SliceScore

# What keeps a page of thousands of slices quick to open and under 30 MB.
MOST_SECTIONS = 200
MOST_PICTURED = 40


@dataclass(frozen=True)
class Entry:
    """A series on the page.

    Attributes
    ----------
    number : its place in the run, from 1.
    name : what the page calls it.
    ranked : the slices that count for its score, the worst first.
    shown : it has a section of its own, not only a row in the table.
    pictured : its section has pictures.
    """

    number: int
    name: str
    series: SeriesScore
    ranked: list[SliceScore]
    shown: bool
    pictured: bool

    @property
    def id(self) -> str:
        """Where its section is, or where it has none its row."""
        return f"s{self.number}" if self.shown else self.row_id

    @property
    def row_id(self) -> str:
        """Where its row is."""
        return f"r{self.number}"

    def slice_id(self, number: int) -> str:
        """Where slice ``number``, from 1, is: its row, or the section of a series of one slice."""
        return f"{self.id}-{number}" if self.shown and len(self.series.slices) > 1 else self.id

    def number_of(self, each: SliceScore) -> int:
        """The number of a slice in the series, from 1."""
        return next(n for n, one in enumerate(self.series.slices, start=1) if one is each)

    @property
    def examples(self) -> dict[str, SliceScore]:
        """Slices to show as worst, median and best, or as the only; each once."""
        worst, median, best = self.ranked[0], percentile(self.ranked, 0.5), self.ranked[-1]
        found = {"worst": worst, "median": median, "best": best}
        if worst is best:
            return {"only": worst} if len(self.series.slices) == 1 else {"worst": worst}
        return {word: each for word, each in found.items() if word != "median" or each is not worst}


def list_series(run: ScoringRun, names: Names) -> list[Entry]:
    """The entries of all series in reading order; of very many, the worst have a section."""
    series = run.series
    worst = _worst_first(series, run.model.scale)
    shown, pictured = set(worst[:MOST_SECTIONS]), set(worst[:MOST_PICTURED])
    return [
        Entry(
            number=n + 1,
            name=names.series[n],
            series=each,
            ranked=worst_first(each.known, run.model.scale),
            shown=n in shown,
            pictured=n in pictured,
        )
        for n, each in enumerate(series)
    ]


def _worst_first(series: tuple[SeriesScore, ...], scale: ScoreScale) -> list[int]:
    scores = [each.score if scale.higher_is_better else -each.score for each in series]
    return sorted(range(len(series)), key=scores.__getitem__)

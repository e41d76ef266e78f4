"""The result of `distiliqa.score`: series with their scores, as a list that notebooks show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.report.csv import score_rows
from distiliqa.report.formatting import slice_count
from distiliqa.report.names import MAX_LABEL, series_labels
from distiliqa.report.notebook import Block, Shown, frame
from distiliqa.report.plots.scene import Scene
from distiliqa.report.plots.strips import Dot, strips
from distiliqa.report.screen_table import score_blocks
from distiliqa.report.series_csv import series_rows
from distiliqa.report.series_plots import series_plot
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

if TYPE_CHECKING:
    from pandas import DataFrame


def run_of(scores: Scores | ScoringRun) -> ScoringRun:
    """The run of scores. Raises `TypeError` on anything else, such as a path."""
    if isinstance(scores, Scores):
        return scores.run
    if not isinstance(scores, ScoringRun):
        raise TypeError(f"{type(scores).__name__}; give what distiliqa.score returned")
    return scores


class Scores(Shown, list[SeriesScore]):
    """Scores of series: a list of `SeriesScore` that a notebook shows as a table.

    A part such as ``scores[:1]`` is a list of the same kind.

    Attributes
    ----------
    run : ScoringRun
        All of the run: its model, what failed, what was left out, and the hashes of the files. Its
        slices are those of the series in this list.

    Examples
    --------
    >>> scores = distiliqa.score("scan")
    >>> scores[0].score
    >>> scores.plot().save("scan.svg")
    >>> scores.to_frame().groupby("series")["noise_hu"].median()
    """

    def __init__(self, run: ScoringRun, series: Iterable[SeriesScore] | None = None) -> None:
        super().__init__(run.series if series is None else series)
        self._run = run

    @property
    def run(self) -> ScoringRun:  # noqa: D102
        slices = tuple(chain.from_iterable(series.slices for series in self))
        return replace(self._run, slices=slices)

    @property
    def model(self) -> ModelConfig:
        """The description of the model."""
        return self._run.model

    @overload
    def __getitem__(self, at: SupportsIndex) -> SeriesScore: ...
    @overload
    def __getitem__(self, at: slice) -> Scores: ...
    def __getitem__(self, at: SupportsIndex | slice) -> SeriesScore | Scores:
        found = super().__getitem__(at)
        return Scores(self._run, found) if isinstance(found, list) else found

    def __repr__(self) -> str:
        count = slice_count(sum(len(series.slices) for series in self))
        means = [series.score for series in self]
        ends = f": {min(means):.2f} to {max(means):.2f}" if means else ""
        return f"<Scores by {self.model.title}: {len(self)} series, {count}{ends}>"

    def _blocks(self) -> Iterable[Block]:
        """Give the tables and lines that ``distiliqa score`` prints."""
        return score_blocks(self.run, MAX_LABEL)

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Give one row a slice with the columns of ``scores.csv``, not rounded."""
        return score_rows(self.run.slices)

    def series_frame(self) -> DataFrame:
        """Give the columns of ``series.csv`` as a data frame, one row a series.

        Returns
        -------
        pandas.DataFrame
            Mean, percentile and worst slice of the scores, acquisition facts, mean and standard
            deviation of each measure over the slices that count, and the warnings. Numbers are not
            rounded. The series are named by their files.

        Raises
        ------
        DistiliqaError
            pandas is not installed.
        """
        return frame(series_rows(self.run, identify=True))

    def plot(self) -> Scene:
        """Draw the scores.

        Returns
        -------
        Scene
            Of one series: score, noise, sharpness, dose and size along the patient, as in the
            report. Of several: a strip for each, with the score of each slice and the median.
            Hollow dots are out of domain. A notebook shows it; ``save`` writes an SVG file.

        Raises
        ------
        DistiliqaError
            The list is empty.
        """
        if not self:
            raise DistiliqaError("no series to draw", remedy="plot scores of one or more")
        scale = self.model.scale
        if len(self) == 1:
            return series_plot(self[0], scale)
        labels = series_labels(self, MAX_LABEL)
        groups = {label: _dots(series) for label, series in zip(labels, self, strict=True)}
        return strips(groups, x_label="Score", limits=(scale.low, scale.high))


def _dots(series: SeriesScore) -> list[Dot]:
    return [
        Dot(slice_.score, "", f"slice {n}: {slice_.score:.2f}", slice_.out_of_domain)
        for n, slice_ in enumerate(series.slices, start=1)
    ]

"""The result of `distiliqa.compare`, as notebooks show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from distiliqa.compare.comparison_plots import differences_by_series, scores_plot
from distiliqa.compare.files import pair_rows
from distiliqa.compare.result import PairedRun
from distiliqa.compare.screen import comparison_blocks
from distiliqa.report.notebook import Block, Shown
from distiliqa.report.plots.scene import Scene


class SeriesComparison(Shown, PairedRun):
    """Two inputs that were scored and compared: what `distiliqa.compare` returns.

    A notebook shows the table and the findings that the command prints.

    Attributes
    ----------
    first, second : ScoringRun
        The scoring of each.
    series : tuple[SeriesPair, ...]
        Pairs of series that have matched slices. Their ``slices`` hold the two scores of each place
        and their ``difference``.
    notes : tuple[str, ...]
        For the reader of the comparison, one sentence for each.
    match : {"position", "name", "order"} or None
        How slices were matched, as asked for; None for by position, by name where it is unknown.
    """

    def __repr__(self) -> str:
        found = self.score
        ends = "" if found.interval is None else " ({:+.2f} to {:+.2f})".format(*found.interval)
        return f"<SeriesComparison: B minus A {found.mean:+.2f}{ends}, {found.n} pairs of slices>"

    def _blocks(self) -> Iterable[Block]:
        return comparison_blocks(self)

    def _rows(self) -> Iterable[dict[str, Any]]:
        return pair_rows(self)

    def plot(self) -> Scene:
        """Draw the scores of A and B along one series; of several, a strip of differences for each.

        Returns
        -------
        Scene
            Hollow dots are out of domain. A notebook shows it; ``save`` writes an SVG file.
        """
        if len(self.series) > 1:
            return differences_by_series(self)
        return scores_plot(self.series[0], self.first.model.scale)

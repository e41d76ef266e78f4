"""The result of `distiliqa.rank`, as notebooks show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from distiliqa.errors import one_line
from distiliqa.rank.files import leaderboard_rows
from distiliqa.rank.page import score_strips
from distiliqa.rank.result import RankedRun
from distiliqa.rank.screen import rank_blocks
from distiliqa.report.formatting import slice_count
from distiliqa.report.notebook import Block, Shown
from distiliqa.report.plots.scene import Scene


class Leaderboard(Shown, RankedRun):
    """Methods that were scored on the same slices: what `distiliqa.rank` returns.

    A notebook shows the table and the sentences that the command prints.

    Attributes
    ----------
    methods : tuple[Method, ...]
        In the order given; ``order`` has their numbers from the first rank by score on.
    patients : tuple[int, ...]
        The patient of each slice, numbered from 1.
    reference : str or None
        As the user named it; None without one.
    notes : tuple[str, ...]
        For the reader of the ranks, one sentence for each.
    sha256 : dict[str, str]
        Of the files of the reference, by path.
    unscored : tuple[Method, ...]
        Methods of which no slice could be scored.
    """

    def __repr__(self) -> str:
        first = self.methods[self.order[0]].name
        count = f"{len(self.methods)} methods over {slice_count(len(self.counted))}"
        return f"<Leaderboard: {count}, {one_line(first)} first by score>"

    def _blocks(self) -> Iterable[Block]:
        return rank_blocks(self)

    def _rows(self) -> Iterable[dict[str, Any]]:
        return leaderboard_rows(self)

    def plot(self) -> Scene:
        """Draw the scores of the slices that count, one strip a method, the first rank on top.

        Returns
        -------
        Scene
            A notebook shows it; ``save`` writes an SVG file.
        """
        return score_strips(self)

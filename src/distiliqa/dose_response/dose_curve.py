"""The result of `distiliqa.dose_response`, as notebooks show it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from distiliqa.dose_response.files import response_rows
from distiliqa.dose_response.page import dose_plot
from distiliqa.dose_response.result import DoseResponse
from distiliqa.dose_response.screen import response_blocks
from distiliqa.report.formatting import slice_count
from distiliqa.report.notebook import Block, Shown
from distiliqa.report.plots.scene import Scene


class DoseCurve(Shown, DoseResponse):
    """The scores of a series at several doses: what `distiliqa.dose_response` returns.

    A notebook shows the table and the answers that the command prints.

    Attributes
    ----------
    model : ModelConfig
        The description of the model that scored.
    source : str
        The series, as it was named.
    least : float
        The score to reach.
    points : tuple[DosePoint, ...]
        From full dose down: ``dose``, relative, ``mean`` score with ``interval``, and ``slices``.
    noise_hu, dprime : SharedMean
        Mean noise level, HU, and mean detectability index d' at each dose, ``values``, over the
        ``slices`` that have them at all doses.
    left_out : int
        Slices that count at no dose, being out of domain at full dose.
    failed : tuple[Problem, ...]
        Slices that could not be read or simulated.
    found : int
        Slices in the series; the doses were simulated of some of them.
    complete : bool
        Whether all chosen slices were simulated.
    """

    def __repr__(self) -> str:
        ends = (self.points[0], self.points[-1])
        scores = " to ".join(f"{point.mean:.2f} at dose {point.dose:g}" for point in ends)
        return f"<DoseCurve: score {scores}, {slice_count(len(self.points[0].slices))}>"

    def _blocks(self) -> Iterable[Block]:
        return response_blocks(self)

    def _rows(self) -> Iterable[dict[str, Any]]:
        return response_rows(self)

    def plot(self) -> Scene:
        """Draw the mean score with its interval over the logarithm of the dose.

        Returns
        -------
        Scene
            A notebook shows it; ``save`` writes an SVG file.
        """
        return dose_plot(self)

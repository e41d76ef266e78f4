"""The plots of one series, the same on a page and on paper: score and noise level along it."""

from __future__ import annotations

from collections.abc import Sequence

from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.columns import slice_columns
from distiliqa.report.entry import Entry
from distiliqa.report.plots import Frame, Scene, profile
from distiliqa.scoring.slice_score import SliceScore

_NOISE, _POSITION, _NUMBER = slice_columns("noise_hu", "position_mm", "number")


def places_of(slices: Sequence[SliceScore]) -> tuple[list[float], str]:
    """Places of slices on a horizontal axis, and the label of the axis.

    These are positions along the normal. If one is not known, or they do not ascend, they are the
    numbers of the slices.
    """
    known = [slice_.position_mm for slice_ in slices if slice_.position_mm is not None]
    if len(known) == len(slices) and known == sorted(known):
        return known, _POSITION.title
    return [float(slice_.number) for slice_ in slices], _NUMBER.title


def series_plots(entry: Entry, scale: ScoreScale, frame: Frame) -> tuple[Scene, Scene]:
    """Draw the score on its whole scale, and the noise level from zero."""
    slices = entry.series.slices
    x, label = places_of(slices)
    marks = [slice_.out_of_domain for slice_ in slices]
    hrefs = [f"#{entry.slice_id(slice_)}" for slice_ in slices]
    score = profile(
        x,
        [slice_.score for slice_ in slices],
        [slice_.interval for slice_ in slices],
        x_label=label,
        y_label="Score",
        y_limits=(scale.low, scale.high),
        marks=marks,
        hrefs=hrefs,
        frame=frame,
    )
    noise = profile(
        x,
        [slice_.noise_hu for slice_ in slices],
        x_label=label,
        y_label=_NOISE.title,
        marks=marks,
        hrefs=hrefs,
        frame=frame,
    )
    return score, noise

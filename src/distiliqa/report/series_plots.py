"""The plot of one series, the same on a page and on paper: what is known along it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from distiliqa.errors import one_line
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.column import Column
from distiliqa.report.columns import slice_columns
from distiliqa.report.formatting import slice_count
from distiliqa.report.measure_facts import commonest_reason
from distiliqa.report.plots import Panel, Scene, multiples
from distiliqa.report.plots.axes import limits_around
from distiliqa.report.plots.multiples import HEIGHT
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

_NOISE, _SHARPNESS, _SSDE, _CTDIVOL, _SIZE, _POSITION, _NUMBER = slice_columns(
    "noise_hu", "mtf50_per_mm", "ssde_mgy", "ctdivol_mgy", "dw_mm", "position_mm", "number"
)
_WORDS = {_NOISE: "a noise level", _SHARPNESS: "sharpness", _SSDE: "an SSDE", _SIZE: "a diameter"}
MIN_AXIS_MM = 100.0  # of an axis of diameters


def places_of(slices: Sequence[SliceScore]) -> tuple[list[float], str]:
    """Places of slices on a horizontal axis, and the label of the axis.

    These are positions along the normal. If one is not known, or they do not ascend, they are the
    numbers of the slices.
    """
    known = [slice_.position_mm for slice_ in slices if slice_.position_mm is not None]
    if len(known) == len(slices) and known == sorted(known):
        return known, _POSITION.title
    return [float(slice_.number) for slice_ in slices], _NUMBER.title


def series_plot(
    series: SeriesScore,
    scale: ScoreScale,
    height: float = HEIGHT,
    hrefs: Sequence[str] | None = None,
) -> Scene:
    """Draw what is known of quality, noise, sharpness, dose and size along a series.

    Parameters
    ----------
    height : float
        Height of one panel, px.
    hrefs : Sequence[str] or None
        Where a click on a point of each slice leads.
    """
    slices = series.slices
    x, label = places_of(slices)
    scores = [slice_.score for slice_ in slices]
    intervals = [slice_.interval for slice_ in slices]
    return multiples(
        x,
        [Panel("Score", scores, (scale.low, scale.high), intervals), *_measured(slices)],
        x_label=label,
        marks=[slice_.out_of_domain for slice_ in slices],
        hrefs=hrefs,
        height=height,
    )


def about_plot(series: SeriesScore) -> str:
    """The plot of a series in words: its scales, its marks, and what is not in it."""
    band = any(slice_.interval is not None for slice_ in series.slices)
    hollow = any(slice_.out_of_domain for slice_ in series.slices)
    sized = any(_SIZE.value(slice_) is not None for slice_ in series.slices)
    return (
        "Score on its whole scale"
        + (", with its prediction interval as a band" if band else "")
        + ("; diameter on its own range" if sized else "")
        + "; all else from zero."
        + (" Hollow dots are out of domain." if hollow else "")
        + "".join(f" {sentence}" for sentence in missing_measures(series))
    )


def missing_measures(series: SeriesScore) -> Iterator[str]:
    """Which measures slices lack, how many of them, and the commonest reason."""
    slices = series.slices
    for column, words in _WORDS.items():
        lacking = sum(column.value(slice_) is None for slice_ in slices)
        if lacking and (reason := commonest_reason(series, column.name)) is not None:
            every = "No slice has" if lacking > 1 else "Without"
            count = every if lacking == len(slices) else f"{slice_count(lacking)} without"
            yield f"{count} {words}: {one_line(reason)}."


def _measured(slices: Sequence[SliceScore]) -> Iterator[Panel]:
    """A panel for each measure that any slice has; CTDIvol stands in where no SSDE is known."""
    for column in (_NOISE, _SHARPNESS, _dose_of(slices), _SIZE):
        values = [column.value(slice_) for slice_ in slices]
        known = [value for value in values if value is not None]
        if known:
            limits = limits_around(known, MIN_AXIS_MM) if column is _SIZE else None
            yield Panel(column.title, values, limits)


def _dose_of(slices: Sequence[SliceScore]) -> Column:
    return _SSDE if any(_SSDE.value(slice_) is not None for slice_ in slices) else _CTDIVOL

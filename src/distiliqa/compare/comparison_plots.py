"""The plots of a comparison: scores and differences along a series, or of many series."""

from __future__ import annotations

from collections.abc import Sequence

from distiliqa.compare.result import PairedRun, SeriesPair
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.names import series_labels
from distiliqa.report.plots import Curve, Dot, Line, Scene, curves, profile, strips
from distiliqa.report.series_plots import places_of
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

MAX_NAME = 60  # letters
_DIFFERENCE = "Score, B minus A"


def scores_plot(pair: SeriesPair, scale: ScoreScale) -> Scene:
    """Draw the scores of A and B along a series; where positions are unknown, by number."""
    at, label = _places(pair)
    sides = {"A": "first", "B": "second"}
    drawn = [_curve(name, at, pair, side) for name, side in sides.items()]
    return curves(drawn, x_label=label, y_label="Score", y_limits=(scale.low, scale.high))


def differences_plot(pair: SeriesPair, run: PairedRun) -> Scene:
    """Draw the differences along a series, and the mean of all pairs that count."""
    at, label = _places(pair)
    return profile(
        at,
        [both.difference for both in pair.slices],
        x_label=label,
        y_label=_DIFFERENCE,
        marks=[both.out_of_domain for both in pair.slices],
        lines=[Line(0, "", dashed=False), Line(run.score.mean, "mean of counted pairs")],
    )


def differences_by_series(run: PairedRun) -> Scene:
    """Draw the differences of each pair of series as a strip, by the name of the series in A."""
    firsts = [SeriesScore(one.first, tuple(p.first for p in one.slices)) for one in run.series]
    groups = {
        name: [
            Dot(both.difference, "", f"pair {n}: {both.difference:+.2f}", both.out_of_domain)
            for n, both in enumerate(pair.slices, start=1)
        ]
        for name, pair in zip(series_labels(firsts, MAX_NAME), run.series, strict=True)
    }
    return strips(groups, x_label=_DIFFERENCE)


def _places(pair: SeriesPair) -> tuple[list[float], str]:
    return places_of([both.first for both in pair.slices])


def _curve(name: str, at: Sequence[float], pair: SeriesPair, side: str) -> Curve:
    scores: list[SliceScore] = [getattr(both, side) for both in pair.slices]
    intervals = [slice_.interval for slice_ in scores]
    return Curve(name, at, [slice_.score for slice_ in scores], intervals)

"""The plots of a run, the same on a page and on paper: noise, dose and score by protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.columns import slice_columns
from distiliqa.report.plots.axes import limits_around
from distiliqa.report.plots.scatter import COLORS, Cloud, Corners, Spot, scatter
from distiliqa.report.plots.scene import Point, Scene
from distiliqa.report.series_plots import MIN_AXIS_MM
from distiliqa.report.size_trends import ProtocolTrends, Sized
from distiliqa.statistics.size_trend import MIN_RANGE_MM

NOISE, SIZE, SSDE = slice_columns("noise_hu", "dw_mm", "ssde_mgy")
STEPS = 24  # points of a line
_CORNERS = Corners("noisy, low dose", "noisy, high dose", "quiet, low dose", "quiet, high dose")


class RunPlot(NamedTuple):
    """A plot, and what it shows in words."""

    scene: Scene
    caption: str


def run_plots(groups: Sequence[ProtocolTrends], scale: ScoreScale) -> list[RunPlot]:
    """Draw noise against size, score against dose, and the deviations from both trends.

    A plot without a point is left out.
    """
    drawn = [*groups[: len(COLORS)]]
    if len(groups) > len(COLORS):
        drawn[-1:] = [_others(groups[len(COLORS) - 1 :])]
    found = (_noise(drawn), _score(drawn, scale), _deviations(drawn, groups))
    return [plot for plot in found if plot is not None]


def _others(groups: Sequence[ProtocolTrends]) -> ProtocolTrends:
    members = tuple(one for group in groups for one in group.members)
    return ProtocolTrends(f"{len(groups)} other protocols", members, None, None, None)


def _noise(groups: Sequence[ProtocolTrends]) -> RunPlot | None:
    clouds = [
        _cloud(group, [_spot(one, one.dw_mm, one.noise_hu) for one in group.members], _curve(group))
        for group in groups
    ]
    caption = "Noise level against size. Lines are the trends with size."
    if not _any(clouds):
        return None
    sizes = limits_around((spot.x for cloud in clouds for spot in cloud.spots), MIN_AXIS_MM)
    scene = scatter(clouds, x_label=SIZE.title, y_label=NOISE.title, x_limits=sizes)
    return RunPlot(scene, caption)


def _score(groups: Sequence[ProtocolTrends], scale: ScoreScale) -> RunPlot | None:
    clouds = [
        _cloud(
            group,
            [_spot(one, one.ssde_mgy, one.entry.score) for one in group.members],
            _path(group),
        )
        for group in groups
    ]
    if not _any(clouds):
        return None
    doses = [spot.x for cloud in clouds for spot in cloud.spots]
    caption = (
        "Score against SSDE. A line is the trend with size of both: it leads from the smallest to "
        "the largest patient of a protocol."
    )
    scene = scatter(
        clouds,
        x_label=SSDE.title,
        y_label="Score",
        x_limits=(0.0, 1.05 * max(doses)),
        y_limits=(scale.low, scale.high),
    )
    return RunPlot(scene, caption)


def _deviations(
    drawn: Sequence[ProtocolTrends], groups: Sequence[ProtocolTrends]
) -> RunPlot | None:
    """Of protocols that are drawn as others, each series beside the trend of its own."""
    own = {id(one): group for group in groups for one in group.members}
    clouds = []
    for group in drawn:
        found = ((one, own[id(one)].deviation(one)) for one in group.members)
        spots = [
            _spot(one, 100 * beside.dose, 100 * beside.noise) for one, beside in found if beside
        ]
        clouds.append(_cloud(group, spots))
    if not _any(clouds):
        return None
    ends = [abs(end) for cloud in clouds for spot in cloud.spots for end in (spot.x, spot.y)]
    end = 1.15 * max(20.0, *ends)
    caption = (
        "Residuals: noise and SSDE of each series beside the trends of its protocol at its size. "
        "Lower right: optimize first."
    )
    scene = scatter(
        clouds,
        x_label="SSDE beside its trend, %",
        y_label="Noise beside its trend, %",
        x_limits=(-end, end),
        y_limits=(-end, end),
        corners=_CORNERS,
    )
    return RunPlot(scene, caption)


def _spot(one: Sized, x: float | None, y: float | None) -> Spot | None:
    if x is None or y is None:
        return None
    entry = one.entry
    return Spot(x, y, f"{entry.name}: {x:.4g}, {y:.4g}", f"#{entry.id}")


def _cloud(
    group: ProtocolTrends, spots: Sequence[Spot | None], line: Sequence[Point] = ()
) -> Cloud:
    known = [spot for spot in spots if spot is not None]
    return Cloud(group.name, f"n {len(known)}", known, line)


def _any(clouds: Sequence[Cloud]) -> bool:
    return any(cloud.spots for cloud in clouds)


def _sizes(group: ProtocolTrends, measure: str) -> list[float]:
    """Steps from the smallest to the largest size of the series that have a measure."""
    having = [one.dw_mm for one in group.members if getattr(one, measure) is not None]
    known = [dw_mm for dw_mm in having if dw_mm is not None]
    low, high = min(known), max(known)
    if high - low < MIN_RANGE_MM:  # a mean, which is drawn where it holds
        middle = (low + high) / 2
        low, high = (middle + side * MIN_RANGE_MM / 2 for side in (-1, 1))
    return [low + (high - low) * step / STEPS for step in range(STEPS + 1)]


def _curve(group: ProtocolTrends) -> list[Point]:
    if (trend := group.noise) is None:
        return []
    return [(size, trend.at(size)) for size in _sizes(group, "noise_hu")]


def _path(group: ProtocolTrends) -> list[Point]:
    dose, score = group.dose, group.score
    if dose is None or score is None:
        return []
    return [(dose.at(size), score.at(size)) for size in _sizes(group, "ssde_mgy")]

"""The rows of the leaderboard, one a method, in the order of their ranks by score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from distiliqa.rank.result import DESCRIBING, SCORE, Method, RankedRun
from distiliqa.report.column import Column
from distiliqa.report.columns import slice_columns
from distiliqa.report.formatting import slice_count

Interval = tuple[float, float]


@dataclass(frozen=True)
class Figure:
    """A measure of a method.

    Attributes
    ----------
    mean : float
        Over the slices where all methods that have the measure have it.
    interval : tuple[float, float] or None
        95 % interval of the mean; None for fewer than six patients, or for slices of one patient
        that are worth too few independent values.
    slices : int
        Number of these slices.
    rank : int or None
        1 is best; None for a measure that describes and has no better end.
    """

    mean: float
    interval: Interval | None
    slices: int
    rank: int | None


@dataclass(frozen=True)
class Standing:
    """Place of a method on the leaderboard.

    Attributes
    ----------
    method : Method
        The method.
    rank : int
        Rank by score; equal means share the better rank.
    held, first : float or None
        Share of draws of patients in which it has this rank, and rank 1; None without draws.
    behind : float
        Mean score minus that of the first.
    behind_interval : tuple[float, float] or None
        95 % interval of it; None for the first, and as that of a mean.
    figures : dict[str, Figure]
        Its measures by column.
    """

    method: Method
    rank: int
    held: float | None
    first: float | None
    behind: float
    behind_interval: Interval | None
    figures: dict[str, Figure]


def standings(run: RankedRun) -> list[Standing]:
    """The methods from the first rank by score to the last."""
    found = run.score
    return [
        Standing(
            method=run.methods[at],
            rank=found.ranks[at],
            held=None if found.held is None else found.held[at],
            first=None if found.first is None else found.first[at],
            behind=found.behind[at],
            behind_interval=found.behind_intervals[at],
            figures=dict(_figures(run, at)),
        )
        for at in run.order
    ]


def _figures(run: RankedRun, at: int) -> Iterator[tuple[str, Figure]]:
    for name, (found, having) in run.rankings.items():
        if at in having:
            place = having.index(at)
            rank = None if name in DESCRIBING else found.ranks[place]
            yield name, Figure(found.means[place], found.intervals[place], found.slices, rank)


def known_measures(run: RankedRun) -> list[Column]:
    """The measures that some method has, score first."""
    return [column for column in run.measures if column.name in run.rankings]


def sentences(run: RankedRun) -> Iterator[str]:
    """The result in words: who is first, how firmly, what was drawn, and where measures differ."""
    places = standings(run)
    first = places[0]
    ahead = [one.method.name for one in places if one.rank == first.rank]
    others = places[len(ahead) :]
    scale = run.methods[0].run.model.scale
    yield (
        f"{' and '.join(ahead)} {'has' if len(ahead) == 1 else 'share'} the first rank by score, "
        f"{first.figures[SCORE].mean:.2f} on a scale from {scale.low:g} to {scale.high:g}, over "
        f"{slice_count(len(run.counted))}{_firmly(first)}."
    )
    if same := [one.method.name for one in others if _is_level(one)]:
        yield f"No difference to the first is shown for {', '.join(same)}."
    yield _drawn(run)
    yield from _other_orders(run, places)


def _firmly(first: Standing) -> str:
    return "" if first.first is None else f", and in {100 * first.first:.0f} % of the draws"


def _is_level(one: Standing) -> bool:
    """Whether the interval of the difference to the first holds 0."""
    found = one.behind_interval
    return found is not None and found[0] <= 0 <= found[1]


def _drawn(run: RankedRun) -> str:
    """What the bootstrap drew."""
    units, patients = run.score.units, len({run.patients[at] for at in run.counted})
    if units == 1:
        return "Nothing could be drawn: how firmly the ranks hold is not known."
    what = f"{units} patients" if patients > 1 else f"{units} blocks of neighboring slices"
    few = "" if any(run.score.intervals) else "; that is too few for intervals"
    return f"Draws are of {what}, with replacement, of all methods together{few}."


def _other_orders(run: RankedRun, places: list[Standing]) -> Iterator[str]:
    """Measures whose first method is another one, of those that the first by score has."""
    for column in slice_columns(*(name for name in run.rankings if name != SCORE)):
        ranks = {one.method.name: one.figures.get(column.name) for one in places}
        best = [name for name, figure in ranks.items() if figure is not None and figure.rank == 1]
        first = places[0].method.name
        if best and ranks[first] is not None and first not in best:
            yield f"By {column.term} {' and '.join(best)} has the first rank."

"""What is wrong with a series as a whole, told from where its slices lie and how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median_low

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Acquisition

_SAME_MM = 0.01  # positions are written with two decimals or more
_GAP = 1.5  # of the median spacing: nearer to one slice missing than to none
_MOST_PLACES = 3  # named in one sentence


def series_warnings(
    positions_mm: Sequence[float | None], acquisitions: Sequence[Acquisition], patients: int = 1
) -> tuple[str, ...]:
    """What a reader of the score of a series should know, one short sentence each.

    Parameters
    ----------
    positions_mm : of each slice along its normal, mm; None where the file does not tell.
    acquisitions : of each slice.
    patients : number of patients that the slices say they are of.
    """
    positions = np.sort([each for each in positions_mm if each is not None])
    spacings = np.diff(positions)
    return (
        *_mixed_patients(patients),
        *_one_slice(len(positions_mm)),
        *_missing(positions, spacings),
        *_repeated(positions, spacings),
        *_mixed("kernels", (each.kernel for each in acquisitions), ""),
        *_mixed("tube voltages", (each.kvp for each in acquisitions), " kV"),
    )


def _mixed_patients(patients: int) -> Iterable[str]:
    if patients > 1:
        yield f"slices of {patients} patients in one series: check which belong to it"


def _one_slice(count: int) -> Iterable[str]:
    if count == 1:
        yield "one slice only: no profile, no tenth percentile"


def _missing(positions: NDArray[np.float64], spacings: NDArray[np.float64]) -> Iterable[str]:
    """Where the distance to the next slice has room for more; asks for a spacing that repeats."""
    apart = spacings[spacings > _SAME_MM]
    if len(apart) < 2:
        return
    usual = median_low(apart.tolist())
    (gaps,) = np.nonzero(spacings > _GAP * usual)
    if len(gaps) == 0:
        return
    count = int(np.sum(np.maximum(np.round(spacings[gaps] / usual) - 1, 1)))
    places = [f"between {positions[gap]:.1f} and {positions[gap + 1]:.1f} mm" for gap in gaps]
    shown, others = "; ".join(places[:_MOST_PLACES]), len(places[_MOST_PLACES:])
    yield f"{count} {_slices(count)} missing: {shown}{f'; {others} more gaps' if others else ''}"


def _repeated(positions: NDArray[np.float64], spacings: NDArray[np.float64]) -> Iterable[str]:
    count = int(np.count_nonzero(spacings <= _SAME_MM))
    if count:
        first = positions[np.argmax(spacings <= _SAME_MM)]
        yield f"{count} {_slices(count)} at the position of another, the first at {first:.1f} mm"


def _mixed(what: str, values: Iterable[str | float | None], unit: str) -> Iterable[str]:
    found = dict.fromkeys(each for each in values if each is not None)
    if len(found) > 1:
        named = ", ".join(f"{each:g}" if isinstance(each, float) else each for each in found)
        yield f"{what} mixed in one series: {named}{unit}"


def _slices(count: int) -> str:
    return "slice" if count == 1 else "slices"

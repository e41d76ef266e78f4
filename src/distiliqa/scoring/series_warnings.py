"""Warnings on a series as a whole, from the positions and the acquisition of its slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Acquisition
from distiliqa.scoring.gaps import find_gaps

_SAME_MM = 0.01  # positions are written with two decimals or more
_MAX_THICKNESS_MM = 1000.0  # more is a broken number
_MAX_PLACES, _MAX_NAMED = 3, 5  # in one sentence


def series_warnings(
    positions_mm: Sequence[float | None], acquisitions: Sequence[Acquisition], patients: int = 1
) -> tuple[str, ...]:
    """Collect the warnings on a series, one short sentence each.

    Parameters
    ----------
    positions_mm : Sequence[float | None]
        Position of each slice along its normal, mm; None if unknown.
    acquisitions : Sequence[Acquisition]
        Acquisition facts of each slice.
    patients : int
        Number of patients named in the slices.
    """
    placed = [
        (position, _thickness(made))
        for position, made in zip(positions_mm, acquisitions, strict=True)
        if position is not None and math.isfinite(position)
    ]
    placed.sort(key=lambda pair: pair[0])
    positions = np.array([position for position, _ in placed])
    return (
        *_mixed_patients(patients),
        *_one_slice(len(positions_mm)),
        *_missing(positions, [thickness for _, thickness in placed]),
        *_repeated(positions),
        *_mixed("kernels", (made.kernel for made in acquisitions), ""),
        *_mixed("tube voltages", (made.kvp for made in acquisitions), " kV"),
        *_mixed("slice thicknesses", (made.slice_thickness_mm for made in acquisitions), " mm"),
    )


def _thickness(made: Acquisition) -> float | None:
    """The slice thickness, mm; None where it is not known or of no slice."""
    thickness = made.slice_thickness_mm
    return thickness if thickness is not None and 0 < thickness <= _MAX_THICKNESS_MM else None


def _mixed_patients(patients: int) -> Iterable[str]:
    if patients > 1:
        yield f"slices of {patients} patients in one series: check which belong to it"


def _one_slice(count: int) -> Iterable[str]:
    if count == 1:
        yield "one slice only: no profile, no tenth percentile"


def _missing(positions: NDArray[np.float64], thickness_mm: Sequence[float | None]) -> Iterable[str]:
    own = np.flatnonzero(np.diff(positions, prepend=-np.inf) > _SAME_MM).tolist()
    gaps = find_gaps(positions[own], [thickness_mm[at] for at in own])
    if not gaps:
        return
    count = sum(gap.slices for gap in gaps)
    places = [f"between {gap.start_mm:.1f} and {gap.stop_mm:.1f} mm" for gap in gaps]
    shown, others = "; ".join(places[:_MAX_PLACES]), len(places[_MAX_PLACES:])
    yield f"{count} {_slices(count)} missing: {shown}{f'; {others} more gaps' if others else ''}"


def _repeated(positions: NDArray[np.float64]) -> Iterable[str]:
    spacings = np.diff(positions)
    count = int(np.count_nonzero(spacings <= _SAME_MM))
    if count:
        first = positions[np.argmax(spacings <= _SAME_MM)]
        yield f"{count} {_slices(count)} at the position of another, the first at {first:.1f} mm"


def _mixed(what: str, values: Iterable[str | float | None], unit: str) -> Iterable[str]:
    stated = (value for value in values if value is not None)
    found = list(dict.fromkeys(f"{n:g}" if isinstance(n, float | int) else n for n in stated))
    if len(found) > 1:
        others = len(found) - _MAX_NAMED
        more = f" and {others} more" if others > 0 else ""
        yield f"{what} mixed in one series: {', '.join(found[:_MAX_NAMED])}{more}{unit}"


def _slices(count: int) -> str:
    return "slice" if count == 1 else "slices"

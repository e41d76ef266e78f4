"""Detect missing slices of a series from the positions and thicknesses of the others.

A scan may change its spacing: 4 mm in the chest and then 7 mm in the abdomen is no gap. So each
distance is compared with the steady spacing around it, not with that of the whole series. If all
thicknesses are known, a gap is also large relative to the thickness, as thicker slices lie further
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import MAX_SLICES

Floats = NDArray[np.float64]

GAP = 1.5  # of the spacing to expect: nearer to one slice missing than to none
STEADY = 2  # distances alike that make a spacing
SAME = 1.25  # ratio of distances that are alike: positions may be written with one decimal
WHOLE = 0.1  # how far a ratio may be from a whole number that lost slices explain


class Gap(NamedTuple):
    """A place between two slices that others are missing from."""

    start_mm: float
    stop_mm: float
    slices: int


def find_gaps(positions_mm: Floats, thickness_mm: Sequence[float | None]) -> list[Gap]:
    """Find the gaps of a series, from its first to its last slice.

    Parameters
    ----------
    positions_mm : Floats
        (n,), finite, ascending and each once, mm.
    thickness_mm : Sequence[float | None]
        Thickness of each slice, mm; None if unknown.
    """
    spacings = np.diff(positions_mm)
    if len(spacings) < 2:
        return []
    ratio = spacings / _usual(spacings)
    wide = ratio > GAP
    thick = np.array([value if value and value > 0 else np.nan for value in thickness_mm])
    if np.isfinite(thick).all():
        relative = 2 * spacings / (thick[1:] + thick[:-1])
        ratio = relative / _usual(relative)
        wide &= ratio > GAP
    missing = np.clip(np.round(ratio) - 1, 1, MAX_SLICES).astype(int)
    return [
        Gap(float(positions_mm[at]), float(positions_mm[at + 1]), int(missing[at]))
        for at in np.flatnonzero(wide)
    ]


def _usual(spacings: Floats) -> Floats:
    """The expected distance at each place: the steady one there, or the mean of those beside it."""
    steady = _steady(spacings)
    if not steady:
        return np.full(len(spacings), median_low(spacings.tolist()))
    expected = np.full(len(spacings), np.nan)
    for start, stop in steady:
        expected[start:stop] = _spacing(spacings, (start, stop))
    known = np.flatnonzero(np.isfinite(expected))
    for at in np.flatnonzero(np.isnan(expected)):
        before, after = known[known < at], known[known > at]
        beside = expected[[*before[-1:], *after[:1]]]
        expected[at] = beside.mean()
    return expected


def _steady(spacings: Floats) -> list[tuple[int, int]]:
    """Runs of like distances, each from a place to before another, but those of lost slices.

    Where every second slice is lost for a while the distance is a steady one too, and a multiple of
    the one before and after.
    """
    starts = [0]
    for at, spacing in enumerate(spacings):
        low, high = sorted((spacing, spacings[starts[-1]]))
        if high > SAME * low:
            starts.append(at)
    runs = zip(starts, [*starts[1:], len(spacings)], strict=True)
    steady = [run for run in runs if run[1] - run[0] >= STEADY]
    own = [_spacing(spacings, run) for run in steady]
    return [run for n, run in enumerate(steady) if not _is_thinned(run, own, n)]


def _is_thinned(run: tuple[int, int], own: list[float], at: int) -> bool:
    """Whether a run has a multiple of the spacing of its neighbors, as slices are missing."""
    beside = [*own[max(at - 1, 0) : at], *own[at + 1 : at + 2]]
    short = run[1] - run[0] == STEADY
    if not beside or max(beside) > SAME * min(beside) or (len(beside) == 1 and not short):
        return False
    ratio = own[at] / min(beside)
    return ratio > GAP and abs(ratio - round(ratio)) < WHOLE


def _spacing(spacings: Floats, run: tuple[int, int]) -> float:
    return float(np.median(spacings[slice(*run)]))

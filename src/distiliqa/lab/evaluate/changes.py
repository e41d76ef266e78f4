"""Changes of a slice that should leave its quality as it is, or move it in a known way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.simulate.patient import body_outline, shifted

Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]

THICK_MM = (4.5, 6.0)  # what counts as a slice of 5 mm


def without_table(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """The slice with nothing but air outside the outline of the body."""
    return np.where(body_outline(hu), hu, np.float32(AIR_HU))


FLIPS: dict[str, Change] = {
    "rows flipped": lambda hu: hu[::-1].copy(),
    "columns flipped": lambda hu: hu[:, ::-1].copy(),
    "both flipped": lambda hu: hu[::-1, ::-1].copy(),
}
SHIFTS: dict[str, Change] = {
    "10 pixels up": lambda hu: shifted(hu, -10, 0),
    "10 pixels down": lambda hu: shifted(hu, 10, 0),
    "10 pixels left": lambda hu: shifted(hu, 0, -10),
    "10 pixels right": lambda hu: shifted(hu, 0, 10),
}


def averaged(slices: Sequence[CTSlice]) -> Iterator[tuple[tuple[CTSlice, ...], CTSlice]]:
    """Average adjacent slices to slices of about 5 mm, as thicker collimation shows them.

    Adjacent slices of one series leave no gap: the next begins where the one before ends, or
    earlier. No slice is used twice.

    Parameters
    ----------
    slices : in reading order, so that each series is in one piece and sorted.

    Returns
    -------
    The slices averaged, and their mean with its thickness, mm.
    """
    for _, series in groupby(slices, key=lambda ct: ct.series):
        run: list[CTSlice] = []
        for ct in series:
            run = [*run, ct] if run and _touch(run[-1], ct) else [ct]
            if len(run) > 1 and THICK_MM[0] <= _extent(run) <= THICK_MM[1]:
                yield tuple(run), _mean(run)
                run = []


def _touch(below: CTSlice, above: CTSlice) -> bool:
    thickness = above.acquisition.slice_thickness_mm
    if thickness is None or below.position_mm is None or above.position_mm is None:
        return False
    return above.position_mm - below.position_mm <= thickness + 0.01


def _extent(run: Sequence[CTSlice]) -> float:
    """From the lower face of the first slice to the upper face of the last, mm."""
    first, last = run[0].position_mm or 0.0, run[-1].position_mm or 0.0
    return last - first + (run[0].acquisition.slice_thickness_mm or 0.0)


def _mean(run: Sequence[CTSlice]) -> CTSlice:
    acquisition = replace(run[0].acquisition, slice_thickness_mm=_extent(run))
    mean = np.stack([ct.hu for ct in run]).mean(axis=0)
    return replace(run[0], hu=mean, acquisition=acquisition)

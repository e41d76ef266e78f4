"""The mean of a measure at each dose, over the same slices at all doses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class SharedMean(NamedTuple):
    """Mean of a measure at each dose, over the slices that have it at all doses.

    The noisiest slices are the first to lose a measure as the dose falls. A mean over the others
    at low dose would seem better than it is.

    Attributes
    ----------
    values : one for each dose; empty where no slice has the measure at all doses.
    slices : number of slices that have it at all doses.
    missing : number of the other slices.
    """

    values: tuple[float, ...]
    slices: int
    missing: int

    def at(self, number: int) -> float | None:
        """The mean at a dose; None where no slice has the measure at all doses."""
        return self.values[number] if self.values else None


def shared_mean(slices: Iterable[tuple[float | None, ...]]) -> SharedMean:
    """Average what each slice has at each dose; None stands for a value that it lacks."""
    rows = list(slices)
    known = np.array([row for row in rows if None not in row], np.float64)
    values = tuple(known.mean(axis=0).tolist()) if len(known) else ()
    return SharedMean(values, len(known), len(rows) - len(known))

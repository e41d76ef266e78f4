"""Between simulated doses: a curve that is straight over the logarithm of the dose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class LowestDose:
    """The lowest relative dose whose quality suffices, and what bounds it.

    Attributes
    ----------
    dose : None where full dose does not suffice.
    bound : ``crossing``, where the curve falls below; ``simulated``, where the lowest dose that was
        simulated suffices still; ``full``, where full dose does not suffice.
    """

    dose: float | None
    bound: Literal["crossing", "simulated", "full"]


def lowest_dose(doses: Sequence[float], quality: Sequence[float], least: float) -> LowestDose:
    """The lowest dose down to which the quality stays at ``least`` or above.

    Parameters
    ----------
    doses : falling, from full dose on.
    quality : at each dose, higher is better.
    """
    if quality[0] < least:
        return LowestDose(None, "full")
    below = next((n for n, value in enumerate(quality) if value < least), None)
    if below is None:
        return LowestDose(doses[-1], "simulated")
    high, low = quality[below - 1], quality[below]
    share = (high - least) / (high - low)
    logs = np.log(doses[below - 1 : below + 1])
    return LowestDose(float(np.exp(logs[0] + share * (logs[1] - logs[0]))), "crossing")


def at_dose(doses: Sequence[float], values: Sequence[float], dose: float) -> float | None:
    """The value at a dose between the simulated ones; None outside of them.

    Parameters
    ----------
    doses : falling.
    """
    if not doses[-1] <= dose <= doses[0]:
        return None
    return float(np.interp(np.log(dose), np.log(doses[::-1]), values[::-1]))

"""A curve over dose, and the lowest dose that keeps a goal by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

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


Kind = Literal["mean", "interval", "prediction", "tenth", "noise", "dprime"]
_NAMES: dict[Kind, str] = {
    "mean": "mean score",
    "interval": "95 % interval of the mean, worse end",
    "prediction": "prediction interval, worse end",
    "tenth": "worst tenth of the slices",
    "noise": "noise level",
    "dprime": "detectability d'",
}


class Basis(NamedTuple):
    """A curve over dose, which the lowest dose can be read from.

    Attributes
    ----------
    kind : ``mean`` score; the worse end of the ``interval`` of the mean or of the ``prediction``
        interval of the model; the score of the worst ``tenth`` of the slices; mean ``noise`` level,
        HU; mean ``dprime``.
    goal : the value to reach.
    missing : number of slices that count, and that the curve does not rest on.
    """

    kind: Kind
    values: tuple[float, ...]
    goal: float
    higher_is_better: bool = True
    missing: int = 0

    @property
    def name(self) -> str:
        """In words."""
        return _NAMES[self.kind]

    @property
    def is_safe(self) -> bool:
        """Whether the answer is read from it first."""
        return self.kind in ("interval", "tenth")

    @property
    def goal_text(self) -> str:
        """The value to reach, in words."""
        bound = f"at {'least' if self.higher_is_better else 'most'} {self.goal:g}"
        match self.kind:
            case "noise":
                return f"a noise level of {bound} HU"
            case "dprime":
                return f"a d' of {bound}"
            case _:
                return f"a score of {bound}"

    def text(self, value: float) -> str:
        """A value of the curve that is not the goal, with its unit.

        It has more digits than usual where it would look like the goal.
        """
        least = 1 if self.kind in ("noise", "dprime") else 2
        digits = next(n for n in range(least, 17) if round(value, n) != self.goal)
        return f"{value:.{digits}f}{' HU' if self.kind == 'noise' else ''}"


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
    """The value at a dose between the simulated ones; None beyond them.

    Parameters
    ----------
    doses : falling.
    """
    if not doses[-1] <= dose <= doses[0]:
        return None
    return float(np.interp(np.log(dose), np.log(doses[::-1]), values[::-1]))

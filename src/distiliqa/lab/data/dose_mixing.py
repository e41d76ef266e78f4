"""Mixing of a dose between two doses of a slice, by adding part of their difference.

The difference of a full-dose and a low-dose image of the same anatomy is noise, and noise variance
goes as 1 / dose (Yu et al., J Comput Assist Tomogr 2012, doi 10.1097/RCT.0b013e318258e891). At the
relative dose D the noise that was added to the full dose has the variance (1 / D - 1) of the full
dose's own, so the difference to the dose ``low`` shrinks by

    a = sqrt((1 / D - 1) / (1 / low - 1))
"""

from __future__ import annotations

import math
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU
from distiliqa.errors import DistiliqaError


class DoseFormula(str, Enum):
    """Formula of a mixed dose.

    ``physical`` is the formula above, rounded to the nearest HU. ``published`` is in the code of
    DistilIQA (doi 10.1016/j.compbiomed.2024.108670): the divisor is 3 for any low dose, which is
    right for a quarter dose only, and HU are truncated towards zero.
    """

    PHYSICAL = "physical"
    PUBLISHED = "published"


def mixing_weight(dose: float, low_dose: float, formula: DoseFormula) -> float:
    """Share of the difference low - full at ``dose``, both relative to the full dose."""
    divisor = 3.0 if formula is DoseFormula.PUBLISHED else 1 / low_dose - 1
    return math.sqrt((1 / dose - 1) / divisor)


def mix(
    full: NDArray[np.floating],
    low: NDArray[np.floating],
    dose: float,
    low_dose: float,
    formula: DoseFormula = DoseFormula.PHYSICAL,
) -> NDArray[np.int32]:
    """Mix the slice at ``dose``, between the full dose (1) and ``low_dose``.

    Parameters
    ----------
    full, low : (rows, columns), HU, of the same slice.

    Returns
    -------
    int32, (rows, columns), HU. The physical formula keeps the padding outside the field of view
    as it is in ``full``.
    """
    weight = mixing_weight(dose, low_dose, formula)
    full, low = full.astype(np.float64), low.astype(np.float64)
    mixed = full + weight * (low - full)
    if formula is DoseFormula.PUBLISHED:
        return np.trunc(mixed).astype(np.int32)
    padding = (full < FIELD_OF_VIEW_FLOOR_HU) & (low < FIELD_OF_VIEW_FLOOR_HU)
    return np.rint(np.where(padding, full, mixed)).astype(np.int32)


def check_doses(doses: tuple[float, ...], low_dose: float) -> None:
    """Raise `DistiliqaError` unless 0 < low dose < every dose < 1 and no dose is given twice."""
    if not 0 < low_dose < 1:
        raise DistiliqaError(
            f"a low dose of {low_dose:g}", remedy="give it relative to the full dose, such as 0.10"
        )
    wrong = [dose for dose in doses if not low_dose < dose < 1]
    if wrong:
        raise DistiliqaError(
            f"dose {wrong[0]:g} does not lie between the low dose {low_dose:g} and 1",
            remedy="give doses in between, such as --doses 0.5,0.75",
        )
    if len(set(doses)) < len(doses):
        raise DistiliqaError("a dose is given twice", remedy="give every dose once")

"""How often a student follows its teachers, and what is said where it hardly ever does.

The outputs of a student differ by what its teachers say. Where it follows none of them their
spread is small for want of anything to differ by, and reads as agreement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from distiliqa.terminal import screen

MIN_FOLLOWED = 0.05  # share of the images
FOLLOWED = "teachers_followed"  # the column of an epoch, and the key of the result
NOT_ASKED = (
    "distill_weight is 0, so no image follows the teachers: the spread of the outputs is no sign "
    "of certainty"
)


def passing(table: NDArray[np.float32], labels: Sequence[float], gate: float) -> float:
    """Share of the teachers' answers that lie within the gate, in [0, 1]: no more is followed.

    Parameters
    ----------
    table : (images, symmetries, teachers), NaN where nobody asked.
    labels : (images,).
    gate : largest error of the teachers' mean, in units of the score.
    """
    means = table.mean(axis=2)
    asked = ~np.isnan(means)
    errors = np.abs(means - np.asarray(labels, np.float32)[:, None])[asked]
    return float((errors <= gate).mean()) if errors.size else 0.0


def hardly_followed(share: float, gate: float) -> str | None:
    """What to say of a share of followed images; None where it is `MIN_FOLLOWED` or more."""
    if share >= MIN_FOLLOWED:
        return None
    return (
        f"{share:.1%} of the images follow the teachers, whose error may be {gate:g} at most: the "
        "spread of the outputs is no sign of certainty; raise student.gate (a share of data.scale) "
        "or train the teachers longer"
    )


def warn(text: str) -> None:
    """Write a warning to stderr, at once."""
    screen(err=True).print(f"warning: {text}", soft_wrap=True)

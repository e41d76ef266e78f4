"""Correction of p-values for the number of comparisons."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values by Holm's step-down procedure, in the order given.

    Comparing each with a level keeps the chance of any false finding below that level, whatever the
    dependence. Source: Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure,
    Scandinavian Journal of Statistics 6, 65.

    Parameters
    ----------
    p_values : Sequence[float]
        In [0, 1].
    """
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = highest
    return adjusted

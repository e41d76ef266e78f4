"""Figure of merit of an epoch: the epoch with the highest is kept."""

from __future__ import annotations

import math

from distiliqa.statistics.agreement import Agreement


def merit_of(
    found: Agreement,
    *,
    rising: bool,
    select_on: str | None,
    span: float,
    ordered: float = math.nan,
) -> float:
    """Figure of merit of an epoch; the epoch with the highest is kept.

    The overall agreement is at most 3. It counts as negative where predictions fall as labels rise:
    the published absolute value would reward that. The error is a share of the scale: an error of
    a tenth of it weighs as much as 0.1 of mean correlation, or of the pairs of versions in order::

        error                  -mae / span
        error_and_correlation  (plcc + srocc + krocc) / 3 - mae / span
        error_and_ladders      ordered - mae / span
        held_out               plcc + srocc + krocc

    Parameters
    ----------
    found : of predictions with labels of held-out images.
    rising : whether the predictions rise with the labels.
    select_on : see `distiliqa.lab.train.recipe.StepSection`.
    span : length of the scale of the labels.
    ordered : share of the pairs of versions in order, see `distiliqa.lab.train.ladders`.
    """
    correlation = found.overall if rising else -found.overall
    error = found.mae / span
    if select_on == "error":
        return -error
    if select_on == "error_and_ladders":
        return ordered - error
    return correlation / 3 - error if select_on == "error_and_correlation" else correlation

"""Which epoch of a training is kept: by correlation, as published, by error, or by both."""

from __future__ import annotations

from typing import Literal

from distiliqa.statistics.agreement import Agreement

SelectOn = Literal["held_out", "error", "error_and_correlation"]


def usual_selection(*, scale_is_known: bool, student: str | None) -> tuple[SelectOn, SelectOn]:
    """What teacher and student are chosen by where a recipe does not say so.

    Both count where it is known beforehand what scores mean, else correlation alone. Teachers of a
    student that is chosen as published are chosen so too.

    Parameters
    ----------
    student : what the recipe says of the student, if it does.
    """
    usual: SelectOn = "error_and_correlation" if scale_is_known else "held_out"
    return "held_out" if student in ("held_out", "training") else usual, usual


def merit_of(found: Agreement, *, rising: bool, select_on: str | None, span: float) -> float:
    """What the epoch that is kept has most of.

    The overall agreement is at most 3, and negative where predictions fall as labels rise, which
    the published absolute value would reward. The error is a share of the scale, so that an error
    of a tenth of it weighs as much as 0.1 of mean correlation.

    Parameters
    ----------
    found : of predictions with labels of held-out images.
    rising : whether the predictions rise with the labels.
    select_on : see `distiliqa.lab.train.recipe.StepSection`.
    span : length of the scale of the labels.
    """
    correlation = found.overall if rising else -found.overall
    error = found.mae / span
    if select_on == "error":
        return -error
    return correlation / 3 - error if select_on == "error_and_correlation" else correlation

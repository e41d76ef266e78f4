"""Calibration of the correction for processing, on denoisers that were kept out of training.

Each teacher saw neither one kind of denoiser nor the patients of its fold. Its scores of that kind
in these patients show how a model rates a denoiser that is new to it. With the probability p,
the threshold t and the share ``s = max(0, (p - t) / (1 - t))``, the over-rating e (raw score minus
label, where higher is better) and the mean M over the kinds, each of them with the same weight::

    threshold  smallest t that at most 5 % of the images that nothing processed are above, where
               every patient has the same weight
    held_back  sum of M(s e) / sum of M(s s), at least 0: the regression of e on s through 0
    widened    smallest w with which 95 % of the labels, weighted by M and s, are not beyond the
               worse end of their interval moved by w s; at least held_back
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.models.processed import ProcessedCalibration

FALSE_ALARMS = 0.05  # of images that nothing processed
BEYOND = 0.05  # of the labels of unknown denoisers below their interval
_MAX_THRESHOLD = 0.99  # above it, next to nothing would count as processed


class UnknownDenoisers(NamedTuple):
    """Images of kinds of processing that the rating network never saw, (n,) each.

    Attributes
    ----------
    probability : of having been processed.
    over_rating : raw score minus label, or the reverse where lower is better.
    beyond : how far the label is beyond the worse end of the interval; negative inside.
    kinds, cases : kind of processing, and patient.
    """

    probability: NDArray[np.float64]
    over_rating: NDArray[np.float64]
    beyond: NDArray[np.float64]
    kinds: Sequence[str]
    cases: Sequence[str]


def calibrate_processed(
    untouched: NDArray[np.float64], cases: Sequence[str], unknown: UnknownDenoisers, span: float
) -> ProcessedCalibration:
    """Calibrate what is done to the score of a processed slice; the module has the formulas.

    Parameters
    ----------
    untouched : (n,), probability of having been processed, of images that nothing processed, by
        networks that did not see their patients. cases : the patient of each.
    unknown : images of denoisers that were unknown to the network that rated them.
    span : length of the scale, which no correction exceeds.
    """
    levels = weighted_quantile(untouched, same_weights(cases), 1 - FALSE_ALARMS)
    threshold = min(levels, _MAX_THRESHOLD)
    share = np.clip((unknown.probability - threshold) / (1 - threshold), 0.0, 1.0)
    weight = same_weights(unknown.kinds) * share
    squares = float(weight @ share)
    if not squares:
        return ProcessedCalibration(threshold, 0.0, 0.0)
    held_back = float(weight @ unknown.over_rating) / squares
    counted = share > 0
    needed = unknown.beyond[counted] / share[counted]
    widened = weighted_quantile(needed, weight[counted], 1 - BEYOND)
    held_back, widened = (min(max(size, 0.0), span) for size in (held_back, widened))
    images, patients = len(share), len(set(unknown.cases))
    return ProcessedCalibration(threshold, held_back, max(held_back, widened), images, patients)


def same_weights(groups: Sequence[str]) -> NDArray[np.float64]:
    """Weights of the members of groups, each of which has the same weight; their sum is 1."""
    _, inverse, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    return 1.0 / (counts[inverse] * len(counts))


def weighted_quantile(
    values: NDArray[np.float64], weights: NDArray[np.float64], share: float
) -> float:
    """Smallest of the values that at least ``share`` of the weight is not above."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    at = min(int(np.searchsorted(reached, share - 1e-12)), len(values) - 1)
    return float(values[order][at])

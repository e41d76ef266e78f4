"""Quality of images from answers of readers about pairs: Bradley-Terry with ties and errors.

The model of Davidson 1970, doi 10.1080/01621459.1970.10481082, gives ties a probability of their
own: for two images whose qualities differ by d, the first is better, the second is better and both
are the same in the ratio exp(d / 2) : exp(-d / 2) : t, where t is how readily a reader sees no
difference. A reader gives the answer about the other image with probability e, as in Crowd-BT
(Chen et al. 2013, doi 10.1145/2433396.2433420). Quality, t and e are estimated together by
expectation and maximization. Priors keep what few answers would let go to infinity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

FIRST, SECOND, SAME = 1, -1, 0
PRIOR_SD = 3.0  # of qualities: of images that far apart, 1 of 20 answers names the worse one
_ERRORS = (1.0, 19.0)  # prior of a reader's errors: as if 1 of 20 answers had been one
_SAME_SD = 1.0  # of log t
_ROUNDS, _SMALL = 200, 1e-5


class Answer(NamedTuple):
    """What a reader said of two images.

    Attributes
    ----------
    reader, first, second : int
        Index of the reader and of the images.
    verdict : int
        `FIRST` or `SECOND` for the better one, `SAME` for neither.
    """

    reader: int
    first: int
    second: int
    verdict: int


@dataclass(frozen=True, eq=False)
class Qualities:
    """What answers say of n images and k readers.

    Attributes
    ----------
    mean : ndarray of float
        (n,), quality in logits, their mean is 0. A difference of 1 lets the better image win 2.7
        times as often as the other.
    covariance : ndarray of float
        (n, n), of the qualities, by Laplace's approximation; it allows for readers' errors.
    errors : ndarray of float
        (k,), how often a reader means the other image, 0 to 0.5.
    sameness : ndarray of float
        (k,), t of each reader; 1 sees no difference in a third of pairs of one quality.
    """

    mean: Floats
    covariance: Floats
    errors: Floats
    sameness: Floats

    @property
    def standard_errors(self) -> Floats:
        """Of the qualities, against their mean, (n,)."""
        return np.sqrt(np.diag(self.covariance))


def qualities_of(answers: Sequence[Answer], images: int, readers: int) -> Qualities:
    """Estimate qualities.

    Parameters
    ----------
    answers : Sequence[Answer]
        In any order; a pair may occur several times.
    images, readers : int
        Their number; those without an answer keep the prior.
    """
    table = np.array(answers, np.intp).reshape(-1, 4)
    who, first, second, verdict = table.T
    mean = np.zeros(images)
    errors = np.full(readers, _ERRORS[0] / sum(_ERRORS))
    sameness = np.ones(readers)
    for _ in range(_ROUNDS):
        swapped = _swapped(mean[first] - mean[second], verdict, errors[who])
        meant = verdict * (1 - 2 * swapped)  # of the answers that name one: 1 to -1
        before = np.concatenate((mean, np.log(sameness), errors))
        mean = _maximized(mean, table, meant, sameness[who])
        sameness = _sameness(sameness, mean[first] - mean[second], who, verdict)
        errors = _errors(swapped, who, verdict, readers)
        change = np.concatenate((mean, np.log(sameness), errors)) - before
        if np.abs(change).max(initial=0) < _SMALL:
            break
    spread = _covariance(mean, table, sameness, errors)
    center = np.eye(images) - 1 / max(images, 1)
    return Qualities(mean - mean.mean(), center @ spread @ center, errors, sameness)


def chances(difference: Floats, sameness: Floats) -> tuple[Floats, Floats]:
    """Probability that the first image and that the second is seen as better; the rest are ties."""
    # Divided by the largest of the three, so that none overflows.
    half = difference / 2
    top = np.maximum(np.abs(half), np.log(sameness))
    first, second = np.exp(half - top), np.exp(-half - top)
    whole = first + second + np.exp(np.log(sameness) - top)
    return first / whole, second / whole


def information(difference: Floats, sameness: Floats) -> Floats:
    """Fisher information of what a reader means about the difference of two qualities."""
    first, second = chances(difference, sameness)
    return (first + second - (first - second) ** 2) / 4


def _covariance(mean: Floats, table: Whole, sameness: Floats, errors: Floats) -> Floats:
    """Of the qualities, (n, n), where sameness and errors of the readers are not known either.

    From the expected information of the answers that were given. What a reader meant holds more,
    and is not seen: Louis 1982, doi 10.1111/j.2517-6161.1982.tb01203.x.
    """
    who, first, second, _ = table.T
    images, readers, answers = len(mean), len(errors), np.arange(len(table))
    prior = _ERRORS[0] / errors**2 + _ERRORS[1] / (1 - errors) ** 2
    precision = np.diag(
        np.concatenate((np.full(images, PRIOR_SD**-2), np.full(readers, _SAME_SD**-2), prior))
    )
    # What an answer depends on: the difference of two qualities, log t and e of its reader.
    design = np.zeros((len(table), 3, len(precision)))
    design[answers, 0, first], design[answers, 0, second] = 1, -1
    design[answers, 1, images + who] = design[answers, 2, images + readers + who] = 1
    known = _information(mean[first] - mean[second], sameness[who], errors[who]) @ design
    precision += np.tensordot(design, known, ((0, 1), (0, 1)))
    found: Floats = np.linalg.inv(precision)[:images, :images]
    return found


def _information(difference: Floats, sameness: Floats, errors: Floats) -> Floats:
    """Expected information of each answer on difference, log t and e, (answers, 3, 3).

    It is the sum of p' p' / p over the three answers.
    """
    first, second = chances(difference, sameness)
    same, middle = 1 - first - second, (first - second) / 2
    apart = second - first
    meant = np.array([first, second, same])
    slopes = np.array(
        [
            _given([first * (0.5 - middle), -second * (0.5 + middle), -same * middle], errors),
            _given([-first * same, -second * same, same * (1 - same)], errors),
            [apart, -apart, np.zeros_like(apart)],
        ]
    )
    given = _given(meant, errors)
    shares = np.divide(slopes, given, out=np.zeros_like(slopes), where=given > 0)
    found: Floats = np.einsum("ika,jka->aij", slopes, shares)
    return found


def _given(meant: Sequence[Floats] | Floats, errors: Floats) -> Floats:
    """Chances of the answers that are given, (3, answers), from those that are meant."""
    first, second, same = meant
    swapped = errors * (second - first)
    return np.array([first + swapped, second - swapped, same])


def _swapped(difference: Floats, verdict: Whole, error: Floats) -> Floats:
    """Probability that an answer names the other image than the one that was meant."""
    # Of the two images alone: a tie has nothing to swap.
    agrees = 1 / (1 + np.exp(-np.clip(difference * verdict, -700, 700)))
    wrong = error * (1 - agrees)
    return np.where(verdict == SAME, 0.0, wrong / (wrong + (1 - error) * agrees))


def _maximized(mean: Floats, table: Whole, meant: Floats, sameness: Floats) -> Floats:
    """A step of Newton's method towards the best qualities."""
    _, first, second, _ = table.T
    for_first, for_second = chances(mean[first] - mean[second], sameness)
    slope = (meant - (for_first - for_second)) / 2
    gradient = -mean / PRIOR_SD**2
    np.add.at(gradient, first, slope)
    np.add.at(gradient, second, -slope)
    # Far from the best, a whole step may go beyond it.
    step = np.linalg.solve(_precision(mean, table, sameness), gradient)
    found: Floats = mean + np.clip(step, -1, 1)
    return found


def _precision(mean: Floats, table: Whole, sameness: Floats) -> Floats:
    """Minus the second derivatives of the logarithm of the posterior, (n, n).

    Of what the readers meant, as a step of maximization needs them.
    """
    _, first, second, _ = table.T
    weight = information(mean[first] - mean[second], sameness)
    found = np.eye(len(mean)) / PRIOR_SD**2
    for rows, columns, sign in (
        *((first, first, 1), (second, second, 1)),
        *((first, second, -1), (second, first, -1)),
    ):
        np.add.at(found, (rows, columns), sign * weight)
    return found


def _sameness(sameness: Floats, difference: Floats, who: Whole, verdict: Whole) -> Floats:
    """A step of Newton's method towards the best log t of each reader."""
    log = np.log(sameness)
    first, second = chances(difference, sameness[who])
    tie = 1 - first - second
    gradient = np.bincount(who, (verdict == SAME) - tie, len(log)) - log / _SAME_SD**2
    curvature = np.bincount(who, tie * (1 - tie), len(log)) + 1 / _SAME_SD**2
    found: Floats = np.exp(log + np.clip(gradient / curvature, -1, 1))
    return found


def _errors(swapped: Floats, who: Whole, verdict: Whole, readers: int) -> Floats:
    named = verdict != SAME
    wrong = np.bincount(who[named], swapped[named], readers) + _ERRORS[0]
    whole = np.bincount(who[named], minlength=readers) + sum(_ERRORS)
    return np.minimum(wrong / whole, 0.5)

"""Prediction intervals for images of new patients, whose width depends on the slice.

Two steps. The size of errors is modeled first: the logarithm of the absolute error is linear in
the logarithm of the spread of the outputs, in the score and its square, and in the probability that
the slice was processed (least squares, every patient with the same weight; Harvey 1976, doi
10.2307/1913974). A larger spread or probability never narrows an interval.

Then errors are divided by what is expected of their slice, where the model knows all patients but
that of the slice. The interval of a new patient gets the quantile of these ratios over the pooled
distributions of the patients: the smallest t with ``sum of F_j(t) / (k + 1) >= coverage``, where
F_j is the distribution in patient j of k (Dunn, Wasserman & Ramdas 2022, doi
10.1080/01621459.2022.2060112). So a new patient counts as one more, whose errors are unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.models.interval_calibration import IntervalCalibration, IntervalWidth
from distiliqa.statistics.conformal import COVERAGE

_NOTHING = 0.02  # of the median error, below which errors are equally good
_RIDGE = 1e-3  # relative to the squares of a column


@dataclass(frozen=True)
class RatedByOthers:
    """Images rated by a network that did not see their patient.

    Attributes
    ----------
    errors : (n,), of the score. spread : (n,), sample standard deviation of the outputs. share :
        (n,), the score as a share of the scale. processed : (n,), probability; 0 where unknown.
    cases : (n,), the patient of each.
    """

    errors: NDArray[np.floating]
    spread: NDArray[np.floating]
    share: NDArray[np.floating]
    processed: NDArray[np.floating]
    cases: Sequence[str]

    @property
    def members(self) -> list[NDArray[np.int64]]:
        """Positions of the images of each patient."""
        names = np.asarray(self.cases)
        return [np.flatnonzero(names == name) for name in np.unique(names)]


def min_cases(coverage: float = COVERAGE) -> int:
    """Fewest patients whose pooled distributions reach a coverage: 9 for 90 %."""
    return int(np.ceil(coverage / (1 - coverage) - 1e-9))


def calibrate_by_case(rated: RatedByOthers, *, coverage: float = COVERAGE) -> IntervalCalibration:
    """Calibrate prediction intervals for images of new patients.

    Parameters
    ----------
    rated : images and their errors.
    coverage : share of labels inside the intervals, in (0, 1).

    Raises
    ------
    DistiliqaError : too few patients for this coverage.
    """
    members, floor = rated.members, _floor(rated)
    if len(members) < min_cases(coverage):
        raise DistiliqaError(
            f"{len(members)} patients cannot calibrate intervals of {100 * coverage:.0f} % for "
            "others",
            remedy=f"rate images of {min_cases(coverage)} patients or more",
        )
    columns, size = _columns(rated, floor), _size(rated)
    ratios = _left_out_ratios(columns, size, members)
    quantile = _pooled_quantile([ratios[at] for at in members], coverage)
    width = _width(columns, size, members)
    return IntervalCalibration(
        coverage, quantile, floor, images=len(size), cases=len(members), width=IntervalWidth(*width)
    )


def left_out_coverage(
    rated: RatedByOthers, *, coverage: float = COVERAGE
) -> NDArray[np.floating[Any]]:
    """Share of the labels of each patient in intervals calibrated on the others, (k,)."""
    members = rated.members
    covered = []
    for number, at in enumerate(members):
        others = np.concatenate([rows for n, rows in enumerate(members) if n != number])
        calibration = calibrate_by_case(_part(rated, others), coverage=coverage)
        assert calibration.width is not None
        columns = _columns(_part(rated, at), calibration.floor)
        half = calibration.quantile * np.exp(columns @ _weights(calibration.width))
        covered.append(float(np.mean(np.abs(rated.errors[at]) <= half)))
    return np.array(covered)


def _part(rated: RatedByOthers, at: NDArray[np.int64]) -> RatedByOthers:
    return RatedByOthers(
        rated.errors[at],
        rated.spread[at],
        rated.share[at],
        rated.processed[at],
        np.asarray(rated.cases)[at].tolist(),
    )


def _floor(rated: RatedByOthers) -> float:
    """Median spread: an interval never shrinks to nothing where outputs agree."""
    return float(np.median(rated.spread)) or 1.0


def _size(rated: RatedByOthers) -> NDArray[np.float64]:
    """Absolute errors, none of them 0, whose logarithm would lead the fit."""
    size = np.abs(rated.errors).astype(np.float64)
    return size + max(_NOTHING * float(np.median(size)), 1e-9)


def _columns(rated: RatedByOthers, floor: float) -> NDArray[np.float64]:
    share = np.clip(rated.share, 0.0, 1.0)
    spread = np.log(rated.spread + floor)
    parts = (np.ones(len(share)), spread, share, share**2, rated.processed)
    return np.stack(parts, axis=1).astype(np.float64)


def _weights(width: IntervalWidth) -> NDArray[np.float64]:
    return np.array([width.constant, width.spread, width.score, width.square, width.processed])


_NOT_NEGATIVE = (1, 4)  # columns of spread and processed


def _width(
    columns: NDArray[np.float64], size: NDArray[np.float64], members: list[NDArray[np.int64]]
) -> list[float]:
    """Weights of the columns; those of spread and processing are 0 instead of negative."""
    used = list(range(columns.shape[1]))
    while True:
        found = _solved(columns[:, used], size, members)
        wrong = [at for at, value in zip(used, found, strict=True) if value < 0]
        wrong = [at for at in wrong if at in _NOT_NEGATIVE]
        if not wrong:
            break
        used = [at for at in used if at not in wrong]
    weights = np.zeros(columns.shape[1])
    weights[used] = found
    return weights.tolist()


def _solved(
    columns: NDArray[np.float64], size: NDArray[np.float64], members: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Ridge regression of the logarithm of the errors; every patient has the same weight."""
    share = np.zeros(len(size))
    for at in members:
        share[at] = 1 / (len(at) * len(members))
    target = np.log(size)
    middle = share @ columns
    centered = (columns - middle)[:, 1:]
    gram = centered.T @ (share[:, None] * centered)
    penalty = np.diag(_RIDGE * np.diag(gram) + 1e-9)
    slopes = np.linalg.solve(gram + penalty, centered.T @ (share * (target - share @ target)))
    return np.concatenate([[share @ target - middle[1:] @ slopes], slopes])


def _left_out_ratios(
    columns: NDArray[np.float64], size: NDArray[np.float64], members: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Errors relative to what a fit without their patient expects, (n,)."""
    ratios = np.empty(len(size))
    for number, at in enumerate(members):
        others = [rows for n, rows in enumerate(members) if n != number]
        ratios[at] = size[at] / np.exp(columns[at] @ _width(*_rows(columns, size, others)))
    return ratios


def _rows(
    columns: NDArray[np.float64], size: NDArray[np.float64], members: list[NDArray[np.int64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[NDArray[np.int64]]]:
    """Columns and errors of some patients alone, and where each of them is then."""
    ends = np.cumsum([len(at) for at in members])
    at = np.concatenate(members)
    return columns[at], size[at], np.split(np.arange(len(at)), ends[:-1])


def _pooled_quantile(ratios: list[NDArray[np.float64]], coverage: float) -> float:
    """Smallest t with ``sum of F_j(t) / (k + 1) >= coverage``."""
    values = np.concatenate(ratios)
    shares = np.concatenate([np.full(len(part), 1 / len(part)) for part in ratios])
    order = np.argsort(values)
    reached = np.cumsum(shares[order]) / (len(ratios) + 1)
    at = min(int(np.searchsorted(reached, coverage - 1e-12)), len(values) - 1)
    return float(values[order][at])

"""Agreement between readers, and the ceiling that their noise sets to any model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.readers.rating_table import RatingTable
from distiliqa.readers.reader_scales import all_equal
from distiliqa.statistics.agreement import mae, plcc, srocc
from distiliqa.statistics.intraclass import Intraclass, intraclass, mean_squares
from distiliqa.statistics.weighted_kappa import Kappa, weighted_kappa

Floats = NDArray[np.float64]

MIN_IMAGES = 5  # that all readers rated


@dataclass(frozen=True)
class Against:
    """Ratings, or a model, against the mean of all readers but one; mean over that one.

    Attributes
    ----------
    plcc, srocc : float or None
        Signed; None where undefined.
    mae : float
        In units of the ratings.
    """

    plcc: float | None
    srocc: float | None
    mae: float


@dataclass(frozen=True)
class ReaderAgreement:
    """Agreement of k readers on the n images that all of them rated.

    Attributes
    ----------
    readers : tuple[str, ...]
        Their names.
    images, left_out : int
        Number of images, and of those that not all readers rated.
    intraclass : tuple[Intraclass, ...]
        See there.
    kappa : dict[tuple[str, str], Kappa | None]
        Quadratic weighted kappa of each pair; None where it is not defined.
    max_plcc : float or None
        Largest linear correlation with the mean rating that a model without error would reach: the
        root of ICC(C,k) (Spearman 1904, doi 10.2307/1412159); None where that has no value.
    noise : float
        Standard error of the mean rating, by the readers' own noise: the root mean squared error
        of a model without error.
    one_reader : Against
        A reader against the mean of the others.
    """

    readers: tuple[str, ...]
    images: int
    left_out: int
    intraclass: tuple[Intraclass, ...]
    kappa: dict[tuple[str, str], Kappa | None]
    max_plcc: float | None
    noise: float
    one_reader: Against

    @property
    def mean_kappa(self) -> float | None:
        """Mean over the pairs that have a kappa."""
        known = [kappa.value for kappa in self.kappa.values() if kappa is not None]
        return float(np.mean(known)) if known else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "readers": list(self.readers),
            "images": self.images,
            "left_out": self.left_out,
            "intraclass": {
                form.name: {
                    "shrout_fleiss": form.also,
                    "value": form.value,
                    "interval": form.interval and [finite(bound) for bound in form.interval],
                    "reason": form.reason,
                }
                for form in self.intraclass
            },
            "weighted_kappa": [
                {"readers": list(pair), **({} if kappa is None else kappa._asdict())}
                for pair, kappa in self.kappa.items()
            ],
            "mean_weighted_kappa": self.mean_kappa,
            "max_plcc": self.max_plcc,
            "noise_of_mean_rating": self.noise,
            "one_reader_against_the_others": vars(self.one_reader),
        }


def finite(value: float) -> float | None:
    """A number for JSON; None where it is infinite."""
    return value if math.isfinite(value) else None


def reader_agreement(table: RatingTable) -> ReaderAgreement:
    """Compare the readers of a table on the images that all of them rated.

    Raises
    ------
    RecipeError : one reader, fewer than `MIN_IMAGES` such images, or all ratings equal.
    """
    if len(table.readers) < 2:
        raise RecipeError(
            "has the ratings of one reader",
            path=table.path,
            remedy="agreement needs a column for each of two readers or more",
        )
    ratings = complete(table.ratings)
    if len(ratings) < MIN_IMAGES:
        raise RecipeError(
            f"{len(ratings)} images were rated by all of {', '.join(table.readers)}",
            path=table.path,
            remedy=f"{MIN_IMAGES} are needed; choose readers with --readers",
        )
    if np.ptp(ratings) == 0:
        raise all_equal(ratings[:, 0], table.path)
    forms = intraclass(ratings)
    reliability = next(form.value for form in forms if form.name == "ICC(C,k)")
    pairs = combinations(range(len(table.readers)), 2)
    return ReaderAgreement(
        readers=table.readers,
        images=len(ratings),
        left_out=len(table.ratings) - len(ratings),
        intraclass=forms,
        kappa={
            (table.readers[a], table.readers[b]): weighted_kappa(ratings[:, a], ratings[:, b])
            for a, b in pairs
        },
        max_plcc=None if reliability is None else math.sqrt(min(max(reliability, 0.0), 1.0)),
        noise=math.sqrt(mean_squares(ratings).error / ratings.shape[1]),
        one_reader=_one_reader(ratings),
    )


def complete(ratings: Floats) -> Floats:
    """The rows that all readers rated."""
    return ratings[~np.isnan(ratings).any(axis=1)]


def against_others(scores: Floats, ratings: Floats) -> Against:
    """A model against the mean of all readers but one, as `ReaderAgreement.one_reader` has it.

    Parameters
    ----------
    scores : (n,).
    ratings : (n, k), finite.
    """
    return _mean([_compared(scores, others) for _, others in _left_out(ratings)])


def _one_reader(ratings: Floats) -> Against:
    return _mean([_compared(one, others) for one, others in _left_out(ratings)])


def _left_out(ratings: Floats) -> list[tuple[Floats, Floats]]:
    """Each reader, and the mean of the others."""
    others = (ratings.sum(axis=1, keepdims=True) - ratings) / (ratings.shape[1] - 1)
    return list(zip(ratings.T, others.T, strict=True))


def _compared(one: Floats, others: Floats) -> Against:
    return Against(plcc(one, others), srocc(one, others), mae(one, others))


def _mean(parts: list[Against]) -> Against:
    correlations = [[getattr(part, name) for part in parts] for name in ("plcc", "srocc")]
    first, second = (None if None in row else float(np.mean(row)) for row in correlations)
    return Against(first, second, float(np.mean([part.mae for part in parts])))

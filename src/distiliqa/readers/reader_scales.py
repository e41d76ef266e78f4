"""One rating an image from several readers: their mean, on one scale.

Readers may use different scales, or the same scale in their own way. `standardized` gives each
reader the mean and the standard deviation that the first one has on the images that both rated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.models.score_scale import ScoreScale
from distiliqa.readers.rating_rows import Scale
from distiliqa.readers.rating_table import RatingTable
from distiliqa.statistics.scale_check import MIN_IMAGES, on_different_scales

Floats = NDArray[np.float64]

MIN_SHARED = MIN_IMAGES  # that two readers rated, for a mean and a deviation


@dataclass(frozen=True, eq=False)
class MeanRatings:
    """One rating an image.

    Attributes
    ----------
    values : (n,), mean over the readers who rated the image.
    table : the ratings that it is the mean of, standardized where that was asked for.
    notes : what was done, one line each.
    """

    values: Floats
    table: RatingTable
    notes: tuple[str, ...]


def mean_ratings(
    table: RatingTable,
    *,
    scale: Scale | None = None,
    standardize: bool = False,
    allow_equal: bool = False,
) -> MeanRatings:
    """Average the readers of a table.

    Parameters
    ----------
    scale : the scale that all readers used, if it is known; with ``standardize`` that of the first.
    standardize : bring readers to the scale of the first one, and ratings beyond it to its ends.
    allow_equal : accept ratings that are all the same.

    Raises
    ------
    RecipeError : readers seem to be on different scales, and neither ``scale`` nor ``standardize``
        is given; all ratings are equal; a reader cannot be standardized.
    """
    notes = table.notes
    if standardize:
        table = standardized(table)
        if scale is not None:
            table = replace(table, ratings=np.clip(table.ratings, *scale))
        notes += (f"all readers are on the scale of {table.readers[0]}: same mean and deviation",)
    elif scale is None:
        _require_one_scale(table)
    values = np.nanmean(table.ratings, axis=1)
    if np.ptp(values) == 0 and not allow_equal:
        raise all_equal(values, table.path)
    return MeanRatings(values, table, notes)


def all_equal(values: Floats, path: Path) -> RecipeError:
    """The error for ratings that are all the same, (n,)."""
    what = "the only rating is" if len(values) == 1 else f"all {len(values)} ratings are"
    return RecipeError(
        f"{what} {values[0]:g}", path=path, remedy="rate images that differ in quality"
    )


def scale_of_readers(
    mean: MeanRatings,
    limits: Scale | None,
    of_model: ScoreScale,
    meaning: str,
    *,
    higher_is_better: bool = True,
) -> ScoreScale:
    """The scale of readers: the one stated, else that of a model where all ratings lie on it.

    Raises
    ------
    RecipeError : no scale is stated, and ratings leave that of the model.
    """
    low, high = float(mean.values.min()), float(mean.values.max())
    if limits is None and not (of_model.low <= low and high <= of_model.high):
        raise RecipeError(
            f"ratings from {low:g} to {high:g} leave the scale of the model, {of_model.low:g} to "
            f"{of_model.high:g}",
            path=mean.table.path,
            remedy="give --scale LOW,HIGH, that of the readers",
        )
    ends = limits or (of_model.low, of_model.high)
    return ScoreScale(*ends, meaning, higher_is_better)


def standardized(table: RatingTable) -> RatingTable:
    """Give each reader the mean and deviation of the first one on the images that both rated.

    Raises
    ------
    RecipeError : a reader rated fewer than `MIN_SHARED` images with the first one, or gave all of
        them the same rating.
    """
    first = table.ratings[:, 0]
    columns = [
        _like_first(first, other, table.readers[at], table)
        for at, other in enumerate(table.ratings.T)
    ]
    return replace(table, ratings=np.stack(columns, axis=1))


def _like_first(first: Floats, other: Floats, reader: str, table: RatingTable) -> Floats:
    both = ~np.isnan(first) & ~np.isnan(other)
    if both.sum() < MIN_SHARED:
        raise RecipeError(
            f"{reader} and {table.readers[0]} rated {both.sum()} images in common, "
            f"{MIN_SHARED} are needed to standardize",
            path=table.path,
            remedy="let both rate the same images, or leave the reader out with --readers",
        )
    spread, wanted = other[both].std(), first[both].std()
    if spread == 0 or wanted == 0:
        same = reader if spread == 0 else table.readers[0]
        raise RecipeError(
            f"{same} gave all images the same rating and cannot be standardized",
            path=table.path,
            remedy="leave the reader out with --readers",
        )
    return first[both].mean() + (other - other[both].mean()) * wanted / spread


def _require_one_scale(table: RatingTable) -> None:
    for at, one in enumerate(table.ratings.T):
        for further in range(at + 1, len(table.readers)):
            other = table.ratings[:, further]
            both = ~np.isnan(one) & ~np.isnan(other)
            if on_different_scales(one[both], other[both]):
                names = (table.readers[at], table.readers[further])
                raise _different(table, names, (one[both], other[both]))


def _different(
    table: RatingTable, names: Sequence[str], ratings: tuple[Floats, Floats]
) -> RecipeError:
    ranges = [
        f"{name} {values.min():g} to {values.max():g}"
        for name, values in zip(names, ratings, strict=True)
    ]
    return RecipeError(
        f"readers seem to use different scales: {', '.join(ranges)}",
        path=table.path,
        remedy="add --standardize, or --scale LOW,HIGH if they use the same",
    )

"""Mean ratings of readers on one scale, on different ones, and standardized."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.readers.rating_rows import RatedName
from distiliqa.readers.rating_table import RatingTable
from distiliqa.readers.reader_scales import mean_ratings

RNG = np.random.default_rng(0)
QUALITY = RNG.uniform(1, 5, 30)


def table(*columns: np.ndarray) -> RatingTable:
    names = tuple("ABC"[: len(columns)])
    rows = tuple(RatedName(str(n)) for n in range(len(columns[0])))
    return RatingTable(Path("r.csv"), names, rows, np.stack(columns, axis=1))


def test_the_mean_is_over_those_who_rated() -> None:
    first = QUALITY.copy()
    first[3] = np.nan
    found = mean_ratings(table(first, QUALITY + 1))
    assert found.values[3] == QUALITY[3] + 1
    assert found.values[4] == pytest.approx(QUALITY[4] + 0.5)
    assert found.notes == ("ratings are missing (A 1): a mean is over those who rated",)


def test_other_scales_are_refused_unless_stated_or_standardized() -> None:
    noisy = 25 * (QUALITY - 1) + RNG.normal(0, 5, 30)
    with pytest.raises(RecipeError, match=r"readers seem to use different scales: A .*, B .*"):
        mean_ratings(table(QUALITY, noisy))
    stated = mean_ratings(table(QUALITY, noisy), scale=(-50, 150))
    np.testing.assert_allclose(stated.values, (QUALITY + noisy) / 2)
    found = mean_ratings(table(QUALITY, noisy), standardize=True)
    b = found.table.ratings[:, 1]
    assert (b.mean(), b.std()) == pytest.approx((QUALITY.mean(), QUALITY.std()))
    assert found.notes == ("all readers are on the scale of A: same mean and deviation",)


def test_standardized_ratings_stay_on_the_scale() -> None:
    strict = np.where(QUALITY > 4.5, 5.0, 1.0 + 0.1 * QUALITY)
    found = mean_ratings(table(QUALITY, strict), scale=(1, 5), standardize=True)
    assert found.table.ratings.min() >= 1
    assert found.table.ratings.max() <= 5


def test_missing_images_do_not_change_a_standardized_reader() -> None:
    half = np.where(QUALITY > 3, 2 * QUALITY, np.nan)
    found = mean_ratings(table(QUALITY, half), standardize=True)
    np.testing.assert_allclose(found.values, QUALITY)


def test_what_cannot_be_standardized_or_learned() -> None:
    with pytest.raises(RecipeError, match="B gave all images the same rating"):
        mean_ratings(table(QUALITY, np.full(30, 3.0)), standardize=True)
    few = np.where(np.arange(30) < 9, QUALITY, np.nan)
    with pytest.raises(RecipeError, match="B and A rated 9 images in common, 10 are needed"):
        mean_ratings(table(QUALITY, few), standardize=True)
    with pytest.raises(RecipeError, match="all 30 ratings are 3; rate images that differ"):
        mean_ratings(table(np.full(30, 3.0)))

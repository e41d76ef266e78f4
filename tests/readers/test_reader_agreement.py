"""Agreement of readers, and the ceiling that their noise sets, against simulated readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.readers.rating_rows import RatedName
from distiliqa.readers.rating_table import RatingTable
from distiliqa.readers.reader_agreement import against_others, reader_agreement
from distiliqa.statistics.agreement import mse, plcc


def table(ratings: np.ndarray) -> RatingTable:
    rows = tuple(RatedName(str(n)) for n in range(len(ratings)))
    names = tuple(f"R{n}" for n in range(ratings.shape[1]))
    return RatingTable(Path("r.csv"), names, rows, ratings)


def test_a_model_without_error_reaches_the_ceiling() -> None:
    rng = np.random.default_rng(0)
    quality = rng.normal(2, 0.8, 4000)
    ratings = quality[:, None] + rng.normal(0, 0.6, (4000, 3))
    found = reader_agreement(table(ratings))
    assert plcc(quality, ratings.mean(axis=1)) == pytest.approx(found.max_plcc, abs=0.01)
    assert mse(quality, ratings.mean(axis=1)) ** 0.5 == pytest.approx(found.noise, abs=0.01)
    model = against_others(quality, ratings)
    assert model.plcc is not None
    assert found.one_reader.plcc is not None
    assert model.plcc > found.one_reader.plcc
    assert model.mae < found.one_reader.mae


def test_only_images_that_all_rated_count() -> None:
    ratings = np.random.default_rng(1).integers(1, 6, (12, 2)).astype(float)
    ratings[:3, 1] = np.nan
    found = reader_agreement(table(ratings))
    assert (found.images, found.left_out) == (9, 3)
    assert list(found.kappa) == [("R0", "R1")]
    content = found.as_dict()
    assert content["intraclass"]["ICC(A,1)"]["shrout_fleiss"] == "ICC(2,1)"
    assert content["weighted_kappa"][0]["readers"] == ["R0", "R1"]


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        (np.ones((9, 1)), "has the ratings of one reader"),
        (np.where(np.eye(6, 2) > 0, np.nan, 1.0)[:5], "3 images were rated by all of R0, R1"),
        (np.full((9, 2), 3.0), "all 9 ratings are 3; rate images"),
    ],
)
def test_too_few_readers_or_images(ratings: np.ndarray, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        reader_agreement(table(ratings))


def test_images_of_one_mean_have_no_ceiling() -> None:
    ratings = np.array([[4.0, 3.0]] * 8 + [[2.0, np.nan]])
    found = reader_agreement(table(ratings))
    assert (found.images, found.left_out, found.max_plcc, found.noise) == (8, 1, None, 0)
    form = found.as_dict()["intraclass"]["ICC(C,k)"]
    assert (form["value"], form["interval"]) == (None, None)
    assert form["reason"] == "the mean ratings of all images are equal"

"""The ceiling of readers beside a model: slices that share a rating are averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.lab.data.ratings import RatedImage, RatedImages
from distiliqa.lab.evaluate.reader_ceiling import ceiling_of
from distiliqa.readers.rating_rows import RatedName
from distiliqa.readers.rating_table import RatingTable
from distiliqa.readers.reader_scales import mean_ratings


def rated(ratings: np.ndarray, slices: int) -> RatedImages:
    names = tuple("AB"[: ratings.shape[1]])
    rows = tuple(RatedName(str(n)) for n in range(len(ratings)))
    mean = mean_ratings(RatingTable(Path("r.csv"), names, rows, ratings))
    of_rows = tuple(np.repeat(range(len(ratings)), slices).tolist())
    images = tuple(RatedImage(str(n), Path("x"), 0.0) for n in range(len(of_rows)))
    return RatedImages(images, mean, of_rows)


def test_a_model_that_copies_one_reader() -> None:
    ratings = np.random.default_rng(0).normal(2, 1, (30, 1)) + np.array([0.0, 0.1])
    scores = np.repeat(ratings[:, 0], 2) + np.tile([-0.5, 0.5], 30)
    found = ceiling_of(rated(ratings, 2), scores)
    assert found is not None
    assert found.model.mae == pytest.approx(0.05)
    assert found.readers.one_reader.mae == pytest.approx(0.1)
    assert found.as_dict()["model_against_the_same"]["plcc"] == pytest.approx(1)


def test_none_for_one_reader_or_few_images() -> None:
    ratings = np.random.default_rng(0).normal(2, 1, (9, 2))
    assert ceiling_of(rated(ratings[:, :1], 1), ratings[:, 0]) is None
    assert ceiling_of(rated(ratings[:4], 1), ratings[:4, 0]) is None

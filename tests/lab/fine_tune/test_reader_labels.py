"""What is learned: one rating on another scale, and attributes with a head each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.fine_tune.head_fit import Head
from distiliqa.lab.fine_tune.reader_labels import ReaderLabels, require_on_scales
from distiliqa.models.attributes import Attribute, scale_of
from distiliqa.models.score_scale import ScoreScale
from distiliqa.readers.rating_rows import RatedName
from distiliqa.readers.rating_table import RatingTable

MODEL = ScoreScale(0.0, 4.0, "model")
HEAD = Head(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.0]))
X = np.random.default_rng(0).normal(0, 0.3, (9, 2))
ATTRIBUTES = (
    Attribute("noise", 1, 14, 7),
    Attribute("contrast", 1, 5, 5),
    Attribute("blur", 0, 8, 0),
)


def test_the_head_begins_as_the_model_on_the_scale_of_the_readers() -> None:
    score = HEAD(X).mean(axis=1)
    rising = ReaderLabels(np.zeros((9, 1)), ScoreScale(1.0, 5.0, "Likert"))
    np.testing.assert_allclose(rising.start(HEAD, MODEL)(X)[:, 0], 1 + score)
    falling = ReaderLabels(np.zeros((9, 1)), ScoreScale(1.0, 6.0, "mark", False))
    np.testing.assert_allclose(falling.start(HEAD, MODEL)(X)[:, 0], 6 - 1.25 * score)
    np.testing.assert_array_equal(rising.score(score[:, None]), score)


def test_attributes_begin_in_their_direction_or_at_their_mean() -> None:
    ratings = np.tile([[6.0, 3.0, 2.0]], (9, 1))
    ratings[0, 0] = np.nan
    labels = ReaderLabels(ratings, scale_of(ATTRIBUTES), ATTRIBUTES)
    score = HEAD(X).mean(axis=1)
    found = labels.start(HEAD, MODEL)(X)
    np.testing.assert_allclose(found[:, 0], 6)
    np.testing.assert_allclose(found[:, 1], 1 + score)
    np.testing.assert_allclose(found[:, 2], 8 - 2 * score)
    assert labels.names == ("noise", "contrast", "blur")
    scores = labels.label_scores
    assert np.isnan(scores[0])
    assert scores[1] == pytest.approx((6 / 7 + 0.5 + 0.75) / 3, abs=1e-3)


def test_ratings_outside_of_the_scale_of_an_attribute() -> None:
    rows = (RatedName("a"), RatedName("b"))
    table = RatingTable(Path("r.csv"), ("noise",), rows, np.array([[7.0], [15.0]]))
    with pytest.raises(RecipeError, match="noise of 'b' is 15, outside the scale 1 to 14"):
        require_on_scales(table, ATTRIBUTES[:1])

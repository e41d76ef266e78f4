from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.ladders import Ladders


def images(*rows: tuple[str | None, float]) -> list[RatedImage]:
    return [RatedImage("n", Path("n"), score, None, source) for source, score in rows]


ROWS = images(("a", 4.0), ("a", 3.95), ("a", 3.0), ("a", 1.0), ("b", 2.0), ("b", 2.5), (None, 0.0))


def test_pairs_that_differ_enough_are_counted_in_each_slice() -> None:
    ladders = Ladders(ROWS, range(7), 4.0)
    at = np.arange(7)
    labels = np.array([image.score for image in ROWS])
    assert ladders.ordered(at, labels) == 1
    assert ladders.ordered(at, -labels) == 0
    # Of a: 5 pairs of 6, for 4.0 and 3.95 differ by too little. Of b: 1.
    swapped = np.array([1.0, 3.0, 2.0, 1.0, 5.0, 4.0, 9.0])
    # 4.0 is below 3.0 and equal to 1.0; the pair of b is the other way round.
    assert ladders.ordered(at, swapped) == pytest.approx(3 / 6)


def test_a_share_of_the_scale_is_enough() -> None:
    rows = images(("a", 1.0), ("a", 1.1))
    assert Ladders(rows, range(2), 4.0).ordered(np.arange(2), np.array([0.0, 1.0])) == 1
    assert np.isnan(Ladders(rows, range(2), 8.0).ordered(np.arange(2), np.array([0.0, 1.0])))


def test_images_that_were_not_rated_and_other_positions_do_not_count() -> None:
    ladders = Ladders(ROWS, [0, 3, 4, 5], 4.0)
    assert ladders.ordered(np.array([0, 3]), np.array([2.0, 1.0])) == 1
    assert Ladders(ROWS, [0, 3, 4], 4.0).ordered(np.array([4, 5]), np.array([2.0, 1.0])) != 0


def test_nothing_to_compare_is_an_error_at_once() -> None:
    with pytest.raises(RecipeError, match="no two versions of one slice held out differ"):
        Ladders(ROWS, [0, 1, 4, 6], 4.0).require_pairs()

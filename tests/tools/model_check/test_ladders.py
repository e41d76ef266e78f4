"""Counts of pairs of rungs, by ladders whose order is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tools.model_check.ladder_kinds import LADDERS
from tools.model_check.ladders import Measured, inverted, ordered


def test_pairs_with_equal_labels_do_not_count():
    assert ordered([4, 3.95, 3], [3, 2, 1]) == (2, 2)


def test_pairs_are_in_the_order_of_their_labels():
    assert ordered([4, 3, 2], [3, 2, 1]) == (3, 3)
    assert ordered([4, 3, 2], [1, 2, 3]) == (0, 3)
    assert ordered([2, 4, 3], [1, 3, 2]) == (3, 3), "a best rung in the middle, as of denoisers"
    assert ordered([4, 3], [2, 2]) == (0, 1), "equal scores are not in order"


def test_rungs_without_a_score_do_not_count():
    assert ordered([4, 3, 2], [3, None, 1]) == (1, 1)


def test_a_share_needs_a_pair():
    assert ordered([4, 4], [1, 2]).share is None
    assert ordered([4, 3], [2, 1]).share == 1


@pytest.mark.parametrize(
    ("scores", "expected"), [([3, 3.04], (0, 1)), ([3, 3.06], (1, 1)), ([3, 2], (0, 1))]
)
def test_a_clear_rise_where_the_label_falls_is_inverted(
    scores: list[float], expected: tuple[int, int]
):
    assert inverted([4, 3], scores) == expected
    assert inverted([3, 4], scores[::-1]) == expected, "where the label rises, a fall"


def test_only_neighbors_count_as_inverted():
    assert inverted([4, 3, 2], [2, 1, 3]) == (1, 2)
    assert inverted([4, 3.95], [1, 3]) == (0, 0)


def test_a_ladder_is_the_sum_of_its_slices():
    blur = next(kind for kind in LADDERS if kind.name == "blur")
    measured = Measured(replace(blur, rungs=(0, 1, 2)))
    for scores in ([3, 2, 1], [1, 2, 3]):
        measured.labels.append([4, 3, 2])
        measured.scores.append(scores)
        measured.noise.append([10, 20, None])
    assert measured.order == (3, 6)
    assert measured.order_of_noise_level == (2, 2)
    row = measured.row()
    assert (row["value"], row["bound"], row["verdict"]) == (0.5, "≥ 0.97", "MISSED")
    means = measured.ladder()
    assert (means.label, means.score, means.pairs) == ((4, 3, 2), (2, 2, 2), 6)
    assert means.verdict == "not seen"

from __future__ import annotations

from distiliqa.statistics.ranking import ranked_right


def test_pairs_within_a_ladder_are_counted():
    found = ranked_right([[4, 3, 2, 1], [3, 4]])  # six right pairs, and a wrong one
    assert (found.right, found.pairs) == (6, 7)
    assert found.share == 6 / 7
    assert ranked_right([[1, 2, 3]]).share == 0


def test_equal_scores_do_not_rank():
    assert ranked_right([[2, 2, 1]]) == (2, 3)


def test_what_has_no_score_is_not_counted():
    assert ranked_right([[3, None, 1], [None, 2]]) == (1, 1)
    assert ranked_right([[None, 1], []]).share is None

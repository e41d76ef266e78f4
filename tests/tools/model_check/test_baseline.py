from __future__ import annotations

import pytest
from tools.model_check.baseline import agreement_rows, change_row, ranked_right, ranking_rows

from distiliqa.ct import SOFT_TISSUE
from distiliqa.scoring.slice_score import SliceScore


def scored(score: float, noise_hu: float | None) -> SliceScore:
    return SliceScore(score, (score,), None, (), "made up", SOFT_TISSUE, noise_hu=noise_hu)


def test_the_noise_level_agrees_with_its_sign_turned():
    images = [scored(4, 10), scored(1, 20), scored(2, 30)]
    rows = {row["figure"]: row for row in agreement_rows(images, [3, 2, 1], srocc_at_least=0.95)}
    assert rows["SROCC"]["model"] == pytest.approx(0.5)
    assert (rows["SROCC"]["GNL"], rows["PLCC"]["GNL"]) == (pytest.approx(1), pytest.approx(1))
    assert (rows["SROCC"]["verdict"], rows["PLCC"]["verdict"]) == ("missed", None)


def test_a_model_that_agrees_upside_down_does_not_pass():
    images = [scored(n, None) for n in range(3)]
    rows = {row["figure"]: row for row in agreement_rows(images, [2, 1, 0], srocc_at_least=0.9)}
    row = rows["SROCC"]
    assert (row["model"], row["GNL"], row["verdict"]) == (pytest.approx(-1), None, "missed")


def test_agreement_is_compared_on_the_images_that_have_a_noise_level():
    images = [scored(3, 10), scored(2, 20), scored(9, None)]
    rows = {row["figure"]: row for row in agreement_rows(images, [3, 2, 1])}
    assert (rows["SROCC"]["n"], rows["SROCC"]["GNL"]) == (3, None)
    same = rows["SROCC, images with a GNL"]
    assert (same["n"], same["model"], same["GNL"]) == (2, pytest.approx(1), pytest.approx(1))


def test_pairs_are_compared_where_there_is_a_noise_level():
    ladders = [[scored(3, 10), scored(2, 20), scored(1, None)], [scored(1, 5), scored(2, 9)]]
    whole, same = ranking_rows("dose", ladders, at_least=0.95)
    assert (whole["n"], whole["model"], whole["GNL"]) == (4, 0.75, None)
    assert (same["n"], same["model"], same["GNL"]) == (2, 0.5, 1.0)
    assert (whole["verdict"], same["verdict"], same["model to GNL"]) == ("missed", None, "below")


def test_moves_are_signed_in_the_mean_and_bounded_at_their_largest():
    before = [scored(3, 10), scored(3, None)]
    row = change_row("flip", before, [scored(2.8, 13), scored(3.1, 4)], at_most=0.1)
    assert row["mean"] == pytest.approx(-0.05)
    assert row["mean absolute"] == pytest.approx(0.15)
    assert (row["largest"], row["verdict"]) == (pytest.approx(0.2), "missed")
    assert (row["GNL mean, HU"], row["GNL largest, HU"]) == (3, 3)
    assert change_row("none", [], [])["largest"] is None


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

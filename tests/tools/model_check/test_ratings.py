from __future__ import annotations

import pytest
from tools.model_check.ratings import rated_images, real_pairs
from tools.model_check.subject import Subject


def test_full_dose_is_above_quarter_dose(subject: Subject):
    (row,) = real_pairs(subject).lines
    assert (row["n"], row["value"], row["verdict"]) == (2, 1, "OK")


def test_ratings_against_the_scores_are_missed(subject: Subject):
    section = rated_images(subject)  # the noisier image has the higher rating
    order, error = section.lines
    assert (order["value"], order["verdict"]) == (0, "MISSED")
    largest = max(abs(row["score"] - row["rating"]) for row in section.tables[1])
    assert error["value"] == pytest.approx(largest)
    assert [row["image"] for row in section.tables[1]] == ["1.tiff", "0.tiff"], "the best first"

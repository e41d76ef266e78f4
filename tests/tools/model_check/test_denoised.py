from __future__ import annotations

import numpy as np
import pytest
from tools.model_check.denoised import (
    Versions,
    area,
    between,
    denoised,
    interval,
    of_means,
    within,
)
from tools.model_check.subject import Subject

NAMES = ("LDCT", "NDCT", "a", "b", "c")


def versions(scores: list[list[float]], ratings: list[list[float]]) -> Versions:
    """Two doses and three denoisers; ``processed`` is high for the denoisers but c."""
    shape = np.shape(scores)
    processed = np.broadcast_to([0.1, 0.2, 0.9, 0.8, 0.05], shape)
    return Versions(NAMES, np.array(scores), np.array(ratings), processed, np.zeros(shape))


@pytest.fixture
def found() -> Versions:
    scores = [[1.0, 4, 2, 3, 5], [1, 4, 3, 2, 0.5]]
    return versions(scores, [[1, 5, 2, 3, 4], [1, 5, 3, 2, 4]])


def test_denoised_lie_between_the_doses_of_their_own_slice(found: Versions):
    assert between(found) == pytest.approx(4 / 6)


def test_area_is_of_denoisers_against_both_doses(found: Versions):
    assert area(found) == pytest.approx(2 / 3)
    assert area(found._replace(processed=np.full((2, 5), np.nan))) is None


def test_correlations_are_within_slices_and_of_means(found: Versions):
    # 1 - 6 (1 + 1) / 120 for the first slice, 1 - 6 (9 + 1 + 1 + 1) / 120 for the second
    assert within(found) == pytest.approx((0.9 + 0.4) / 2)
    # Means of scores 1, 4, 2.5, 2.5, 2.75 and of ratings 1, 5, 2.5, 2.5, 4.
    assert of_means(found) == pytest.approx(1)


def test_the_interval_holds_the_figure(found: Versions):
    low, high = interval(found, between) or (1, 0)
    assert 0 <= low <= 4 / 6 <= high <= 1
    assert low < high
    same = versions([[1, 3, 2, 2, 2]] * 2, [[1, 5, 2, 3, 4]] * 2)
    assert interval(same, between) == (1, 1)


def test_the_item_scores_all_versions(subject: Subject):
    section = denoised(subject)
    lines = {row["what"]: row for row in section.lines}
    # One of the two denoisers leaves noise between both doses.
    assert lines["denoised_rated: between quarter and full dose"]["value"] == 0.5
    assert lines["denoised_rated: AUC of processed"]["verdict"] == "MISSED", "no such output"
    rows = {row["version"]: row for row in section.tables[1]}
    assert list(rows) == ["LDCT", "NDCT", "kind", "waxy"]
    assert rows["LDCT"]["score"] < rows["kind"]["score"] < rows["waxy"]["score"]

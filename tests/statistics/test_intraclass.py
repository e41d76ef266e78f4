"""Intraclass correlations: the example of Shrout & Fleiss 1979, table 2 and table 4.

The bounds are those that the package psych of R prints for it.
"""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.intraclass import intraclass, mean_squares

# Six targets by four judges, doi 10.1037/0033-2909.86.2.420.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
)
PUBLISHED = {
    "ICC(1)": ("ICC(1,1)", 0.17, -0.133, 0.72),
    "ICC(1,k)": ("ICC(1,k)", 0.44, -0.884, 0.91),
    "ICC(A,1)": ("ICC(2,1)", 0.29, 0.019, 0.76),
    "ICC(A,k)": ("ICC(2,k)", 0.62, 0.071, 0.93),
    "ICC(C,1)": ("ICC(3,1)", 0.71, 0.342, 0.95),
    "ICC(C,k)": ("ICC(3,k)", 0.91, 0.676, 0.99),
}


def test_the_published_example() -> None:
    found = {form.name: form for form in intraclass(JUDGES)}
    assert found.keys() == PUBLISHED.keys()
    for name, (also, value, low, high) in PUBLISHED.items():
        form = found[name]
        assert form.also == also
        assert form.value == pytest.approx(value, abs=0.005)
        assert form.interval[0] == pytest.approx(low, abs=0.0006)
        assert form.interval[1] == pytest.approx(high, abs=0.006)


def test_the_published_mean_squares() -> None:
    found = mean_squares(JUDGES)
    expected = {"rows": 11.24, "columns": 32.49, "error": 1.02, "within": 6.26}
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=0.006)


def test_readers_who_agree_have_one() -> None:
    same = np.tile(np.arange(5.0)[:, None], 3)
    assert [form.value for form in intraclass(same)] == pytest.approx([1] * 6)
    assert [form.interval for form in intraclass(same)] == [(1, 1)] * 6


def test_a_shift_of_one_reader_counts_for_agreement_alone() -> None:
    shifted = JUDGES + np.array([0, 0, 0, 20])
    before, after = ({f.name: f.value for f in intraclass(x)} for x in (JUDGES, shifted))
    assert after["ICC(C,1)"] == pytest.approx(before["ICC(C,1)"])
    assert after["ICC(A,1)"] < before["ICC(A,1)"]


@pytest.mark.parametrize("wrong", [np.ones((4, 1)), np.ones((1, 4)), np.ones((4, 3))])
def test_too_few_or_equal_ratings_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"give \(n, k\)|all ratings are equal"):
        intraclass(wrong)


NO_ROWS = {
    "one reader a point lower": [[4, 3]] * 8,
    "readers who take turns": [[4, 3]] * 8 + [[3, 4]] * 8,
    "two images": [[1, 2], [2, 1]],
    "a Latin square": [[1, 2, 3], [2, 3, 1], [3, 1, 2]],
    "a Latin square of thirds": [[0.1, 0.2, 0.3], [0.2, 0.3, 0.1], [0.3, 0.1, 0.2]],
}


@pytest.mark.parametrize("ratings", NO_ROWS.values(), ids=NO_ROWS)
def test_images_of_one_mean_have_a_reason_in_place_of_a_value(ratings: list[list[float]]) -> None:
    forms, usual = intraclass(ratings), intraclass(JUDGES)
    assert [(form.name, form.also) for form in forms] == [(f.name, f.also) for f in usual]
    assert {form.value for form in forms} == {form.interval for form in forms} == {None}
    assert {form.reason for form in forms} == {"the mean ratings of all images are equal"}


def test_agreement_below_zero_has_no_infinite_value() -> None:
    """Of small tables, some have fewer than one degree of freedom, or no mean of k."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        ratings = rng.integers(1, 4, rng.integers(2, 6, 2)) / 3
        for form in intraclass(ratings) if np.ptp(ratings) else ():
            assert form.value is None or np.isfinite(form.value)
            assert (form.reason is None) == (form.interval is not None)


def test_intervals_hold_the_true_value_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        images = rng.normal(0, 1, (20, 1))
        forms = intraclass(images + rng.normal(0, 0.5, (1, 3)) + rng.normal(0, 1, (20, 3)))
        low, high = next(form.interval for form in forms if form.name == "ICC(C,1)")
        held += low <= 0.5 <= high
    assert 0.90 <= held / 200 <= 0.99

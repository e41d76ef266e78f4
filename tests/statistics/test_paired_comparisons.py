"""Bradley-Terry with ties and readers' errors, against closed forms and made readers."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.paired_comparisons import (
    FIRST,
    PRIOR_SD,
    SAME,
    SECOND,
    Answer,
    _information,
    chances,
    information,
    qualities_of,
)


def made(
    seed: int, pairs: list[tuple[int, int]], quality: np.ndarray, errors: list[float]
) -> list[Answer]:
    """Answers of readers who follow the model, t = 0.7; each sees all pairs."""
    generator = np.random.default_rng(seed)
    answers = []
    for reader, error in enumerate(errors):
        for first, second in pairs:
            better, worse = chances(np.array(quality[first] - quality[second]), np.array(0.7))
            verdict = generator.choice([FIRST, SECOND, SAME], p=[better, worse, 1 - better - worse])
            if generator.random() < error:
                verdict = -verdict
            answers.append(Answer(reader, first, second, int(verdict)))
    return answers


def all_pairs(count: int) -> list[tuple[int, int]]:
    return [(first, second) for first in range(count) for second in range(first)]


def test_chances_are_those_of_davidson():
    difference, sameness = np.array([0.0, 1.0, -3.0]), np.array([1.0, 0.5, 2.0])
    first, second = chances(difference, sameness)
    better, worse = np.exp(difference), np.ones(3)  # his pi of both images
    whole = better + worse + sameness * np.sqrt(better * worse)
    assert first == pytest.approx(better / whole)
    assert second == pytest.approx(worse / whole)


def test_without_ties_they_are_those_of_bradley_and_terry():
    first, second = chances(np.array(1.2), np.array(1e-12))
    assert first == pytest.approx(1 / (1 + np.exp(-1.2)))
    assert first + second == pytest.approx(1)


def test_far_apart_nothing_overflows():
    first, second = chances(np.array([2000.0, -2000.0]), np.ones(2))
    assert list(first) == [1, 0]
    assert list(second) == [0, 1]


def test_information_is_the_variance_of_the_slope():
    first, second = chances(np.array(0.8), np.array(0.6))
    slopes = np.array([0.5, -0.5, 0]) - (first - second) / 2
    expected = (slopes**2 * [first, second, 1 - first - second]).sum()
    assert information(np.array(0.8), np.array(0.6)) == pytest.approx(expected)


def test_the_order_of_images_is_found():
    quality = np.linspace(-3, 3, 12)
    found = qualities_of(made(0, 10 * all_pairs(12), quality, [0.02] * 4), 12, 4)
    assert found.mean.mean() == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(found.mean, quality)[0, 1] > 0.99
    within = np.abs(found.mean - quality) < 3 * found.standard_errors
    assert within.mean() > 0.8


def test_a_reader_who_errs_is_found_and_counts_less():
    quality = np.linspace(-4, 4, 14)
    answers = made(1, 5 * all_pairs(14), quality, [0.02, 0.02, 0.3])
    found = qualities_of(answers, 14, 3)
    assert found.errors[2] == pytest.approx(0.3, abs=0.05)
    assert found.errors[:2] == pytest.approx([0.02, 0.02], abs=0.02)
    trusted = qualities_of([answer for answer in answers if answer.reader < 2], 14, 2)
    assert np.corrcoef(found.mean, trusted.mean)[0, 1] > 0.99


def test_a_reader_who_sees_no_difference():
    ties = [Answer(0, first, second, SAME) for first, second in all_pairs(6)]
    found = qualities_of(ties, 6, 1)
    assert found.mean == pytest.approx(np.zeros(6), abs=1e-6)
    assert found.sameness[0] > 5


def test_without_answers_there_is_the_prior():
    found = qualities_of([], 4, 0)
    assert found.mean == pytest.approx(np.zeros(4))
    center = np.eye(4) - 1 / 4
    assert found.covariance == pytest.approx(PRIOR_SD**2 * center)


def test_the_side_of_an_image_does_not_matter():
    quality = np.linspace(-2, 2, 8)
    answers = made(2, all_pairs(8), quality, [0.05])
    turned = [Answer(0, one.second, one.first, -one.verdict) for one in answers]
    assert qualities_of(turned, 8, 1).mean == pytest.approx(qualities_of(answers, 8, 1).mean)


def likelihood(difference: float, log_t: float, error: float) -> np.ndarray:
    """Chances of the three answers that a reader gives."""
    first, second = chances(np.array(difference), np.exp(np.array(log_t)))
    swapped = error * (second - first)
    return np.array([first + swapped, second - swapped, 1 - first - second])


@pytest.mark.parametrize(("difference", "error"), [(0.0, 0.0), (0.8, 0.1), (-3.0, 0.3)])
def test_information_of_given_answers_is_that_of_their_slopes(difference: float, error: float):
    at, step = np.array([difference, -0.4, error]), 1e-6
    slopes = [
        (likelihood(*(at + step * axis)) - likelihood(*(at - step * axis))) / (2 * step)
        for axis in np.eye(3)
    ]
    expected = np.einsum("ik,jk,k->ij", slopes, slopes, 1 / likelihood(*at))
    (found,) = _information(np.array([difference]), np.exp([-0.4]), np.array([error]))
    assert found == pytest.approx(expected, abs=1e-6)
    if error == 0:
        assert found[0, 0] == pytest.approx(information(np.array(difference), np.exp(-0.4)))


@pytest.mark.parametrize("error", [0.02, 0.1])
def test_standard_errors_allow_for_the_errors_of_readers(error: float):
    """Without them 80 % of differences were within 1.96 of their standard error at e = 0.1."""
    quality, within = np.linspace(-4, 4, 8), []
    pairs = np.array(all_pairs(8)).T
    true = quality[pairs[0]] - quality[pairs[1]]
    for seed in range(30):
        found = qualities_of(made(seed, 10 * all_pairs(8), quality, [error] * 2), 8, 2)
        variance = np.diag(found.covariance)[pairs].sum(axis=0) - 2 * found.covariance[tuple(pairs)]
        difference = found.mean[pairs[0]] - found.mean[pairs[1]]
        within.append(np.abs(difference - true) < 1.96 * np.sqrt(variance))
    assert np.mean(within) > 0.89

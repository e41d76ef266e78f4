"""The pair whose answer adds most: against the determinant, and against pairs at random."""

from __future__ import annotations

import numpy as np
import pytest
from tests.statistics.test_paired_comparisons import all_pairs, made

from distiliqa.statistics.agreement import srocc
from distiliqa.statistics.next_pair import gain, next_pair, usual_comparisons
from distiliqa.statistics.paired_comparisons import Answer, Qualities, qualities_of


def test_220_comparisons_for_50_images():
    assert usual_comparisons(50) == 220
    assert usual_comparisons(2) == 1
    assert usual_comparisons(4) == 6  # there are no more pairs


def test_the_gain_is_that_of_the_determinant():
    generator = np.random.default_rng(0)
    root = generator.normal(size=(5, 5))
    covariance = 1e-4 * root @ root.T  # so narrow that the information is the one at the mean
    found = Qualities(np.arange(5.0), covariance, np.zeros(1), np.ones(1))
    from distiliqa.statistics.paired_comparisons import information

    direction = np.zeros(5)
    direction[[1, 3]] = 1, -1
    precision = np.linalg.inv(covariance)
    more = precision + information(np.array(-2.0), np.array(1.0)) * np.outer(direction, direction)
    expected = np.linalg.slogdet(more)[1] - np.linalg.slogdet(precision)[1]
    assert gain(found)[1, 3] == pytest.approx(expected, rel=1e-3)


def test_no_pair_comes_twice_and_no_image_twice_running():
    generator = np.random.default_rng(0)
    found = qualities_of([], 6, 1)
    seen: set[frozenset[int]] = set()
    last: tuple[int, ...] = ()
    for n in range(15):
        pair = next_pair(found, generator, seen, last)
        assert pair is not None
        assert frozenset(pair) not in seen
        if n < 6:
            assert not set(pair) & set(last)
        seen.add(frozenset(pair))
        last = pair
    assert next_pair(found, generator, seen) is None


def test_the_side_is_drawn():
    found, generator = qualities_of([], 2, 1), np.random.default_rng(0)
    assert {next_pair(found, generator) for _ in range(20)} == {(0, 1), (1, 0)}


def test_chosen_pairs_order_images_better_than_pairs_at_random():
    count, budget = 20, usual_comparisons(20)
    chosen, drawn = [], []
    for seed in range(4):
        generator = np.random.default_rng(seed)
        quality = generator.normal(0, 4, count)
        answers: list[Answer] = []
        seen: set[frozenset[int]] = set()
        last: tuple[int, ...] = ()
        while len(answers) < budget:
            pair = next_pair(qualities_of(answers, count, 1), generator, seen, last)
            assert pair is not None
            answers += made(1000 * seed + len(answers), [pair], quality, [0.02])
            seen.add(frozenset(pair))
            last = pair
        pairs = all_pairs(count)
        some = [pairs[at] for at in generator.permutation(len(pairs))[:budget]]
        others = made(seed, some, quality, [0.02])
        chosen.append(srocc(qualities_of(answers, count, 1).mean, quality))
        drawn.append(srocc(qualities_of(others, count, 1).mean, quality))
    assert np.mean(chosen) > np.mean(drawn) + 0.02
    assert np.mean(chosen) > 0.9

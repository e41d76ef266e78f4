from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from distiliqa.metrics.edge_spread import FREQUENCY, drawn_transfer_functions, edge_response
from distiliqa.metrics.edge_sums import edge_sums

PIXEL, SIGMA = 0.5, 0.6  # mm


def profiles(count: int, sigma_mm: float = SIGMA) -> tuple[np.ndarray, np.ndarray]:
    """Profiles of 24 pixels whose edges lie anywhere within a pixel."""
    places = np.random.default_rng(0).uniform(-0.5, 0.5, (count, 1))
    distance = np.arange(-12, 12) + 0.5 + places
    return 1050 * ndtr(distance * PIXEL / sigma_mm) - 1000, distance


def test_edges_of_a_gaussian_have_its_response():
    found = edge_response(edge_sums(*profiles(400), PIXEL)).transfer_function
    expected = np.exp(-2 * (np.pi * SIGMA * FREQUENCY) ** 2)
    np.testing.assert_allclose(found, expected, atol=0.01)
    assert found[0] == 1


def test_edges_that_are_misplaced_are_aligned():
    values, distance = profiles(400)
    wrong = distance + np.random.default_rng(1).normal(0, 0.4, (400, 1))
    found = edge_response(edge_sums(values, wrong, PIXEL)).transfer_function
    np.testing.assert_allclose(found, np.exp(-2 * (np.pi * SIGMA * FREQUENCY) ** 2), atol=0.03)


def test_the_sharper_arcs_are_kept():
    sharp, blurred = profiles(200), profiles(200, sigma_mm=1.2)
    both = (np.concatenate(parts) for parts in zip(sharp, blurred, strict=True))
    sums = edge_sums(*both, PIXEL)
    assert sums.profiles == pytest.approx(200, abs=40)
    expected = np.exp(-2 * (np.pi * SIGMA * FREQUENCY) ** 2)
    np.testing.assert_allclose(edge_response(sums).transfer_function[:50], expected[:50], atol=0.05)


def test_draws_of_once_each_are_the_whole():
    sums = edge_sums(*profiles(400), PIXEL)
    whole = edge_response(sums)
    drawn = drawn_transfer_functions(sums, np.ones((1, len(sums.sums))), whole.ideal, 4)
    np.testing.assert_allclose(drawn[0], whole.transfer_function[::4], atol=1e-9)

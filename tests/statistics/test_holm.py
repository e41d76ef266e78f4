"""Holm's procedure against values worked out by hand."""

from __future__ import annotations

import pytest

from distiliqa.statistics.holm import holm


def test_step_down() -> None:
    # Sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1, each at least the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_one_and_none() -> None:
    assert holm([0.04]) == [0.04]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]

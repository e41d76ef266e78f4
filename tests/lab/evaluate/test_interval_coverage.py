"""The share of labels inside their intervals, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.lab.evaluate.interval_coverage import coverage_of


def test_labels_on_an_end_are_inside_and_missing_intervals_do_not_count() -> None:
    intervals = np.array([(0.0, 1.0), (1.0, 3.0), (2.0, 3.0), (np.nan, np.nan)])
    found = coverage_of(
        intervals, np.array([1.0, 0.5, 2.5, 9.0]), ["a", "b", "c", "d"], stated=0.9, resamples=99
    )
    assert found is not None
    assert found.share == pytest.approx(2 / 3)
    assert found.width == pytest.approx(4 / 3)
    assert (found.stated, found.images) == (0.9, 3)
    assert found.bounds is not None
    assert 0 <= found.bounds[0] < 2 / 3 < found.bounds[1] <= 1


def test_no_intervals_have_no_coverage() -> None:
    assert coverage_of(np.full((2, 2), np.nan), np.zeros(2), ["a", "b"], stated=None) is None

from __future__ import annotations

import math

import pytest

from distiliqa.models.processed import ProcessedCalibration


def test_nothing_applies_up_to_the_threshold_and_all_of_it_at_one():
    calibration = ProcessedCalibration(threshold=0.6, held_back=0.5, widened=0.8)
    assert [calibration.share(p) for p in (0.0, 0.6, 0.8, 1.0)] == pytest.approx([0, 0, 0.5, 1])
    assert [calibration.counts(p) for p in (0.6, 0.61)] == [False, True]


@pytest.mark.parametrize(
    ("threshold", "held_back", "widened"),
    [(1.0, 0.1, 0.1), (-0.1, 0.1, 0.1), (0.5, -0.1, 0.1), (0.5, 0.3, 0.2), (0.5, 0.1, math.inf)],
)
def test_what_would_raise_a_score_or_leave_it_outside_its_interval_is_refused(
    threshold: float, held_back: float, widened: float
):
    with pytest.raises(ValueError, match=r"probability from 0|held back by 0 or more"):
        ProcessedCalibration(threshold, held_back, widened)

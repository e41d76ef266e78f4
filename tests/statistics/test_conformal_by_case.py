"""Intervals for images of patients that the calibration did not see."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.models.score_scale import ScoreScale
from distiliqa.statistics.conformal_by_case import (
    RatedByOthers,
    calibrate_by_case,
    left_out_coverage,
    min_cases,
)

SCALE = ScoreScale(0.0, 4.0, "made up")


def made(seed: int, patients: int, images: int = 60, *, between: float = 0.25) -> RatedByOthers:
    """Errors that grow with spread and processing, and differ between patients."""
    rng = np.random.default_rng(seed)
    count = patients * images
    spread = rng.choice([0.05, 0.4], count)
    share, processed = rng.uniform(0.3, 0.7, count), rng.choice([0.0, 1.0], count)
    of_patient = np.repeat(np.exp(between * rng.standard_normal(patients)), images)
    size = (spread + 0.02) * np.exp(0.7 * processed) * of_patient
    cases = [f"p{number}" for number in np.repeat(np.arange(patients), images)]
    return RatedByOthers(size * rng.standard_normal(count), spread, share, processed, cases)


def test_labels_of_new_patients_lie_inside_as_often_as_stated() -> None:
    known, new = made(0, 30), made(1, 60)
    calibration = calibrate_by_case(known)
    assert (calibration.images, calibration.cases) == (1800, 30)
    ends = np.array(
        [
            calibration.interval(4 * share, spread, ScoreScale(-9, 9, "wide"), processed)
            for share, spread, processed in zip(new.share, new.spread, new.processed, strict=True)
        ]
    )
    half = (ends[:, 1] - ends[:, 0]) / 2
    assert np.mean(np.abs(new.errors) <= half) == pytest.approx(0.92, abs=0.03)
    narrow, wide = new.spread < 0.1, new.spread > 0.1
    assert half[wide].mean() > 2 * half[narrow].mean()
    ratio = half[new.processed == 1].mean() / half[new.processed == 0].mean()
    assert ratio == pytest.approx(np.exp(0.7), rel=0.25)


def test_each_patient_left_out_in_turn_is_covered() -> None:
    covered = left_out_coverage(made(2, 25))
    assert covered.shape == (25,)
    assert 0.86 < covered.mean() < 0.96
    assert covered.min() < covered.max()


def test_spread_and_processing_never_narrow_an_interval() -> None:
    rated = made(3, 12)
    contrary = RatedByOthers(
        rated.errors / rated.spread**2 * np.exp(-2 * rated.processed),
        rated.spread,
        rated.share,
        rated.processed,
        rated.cases,
    )
    width = calibrate_by_case(contrary).width
    assert width is not None
    assert (width.spread, width.processed) == (0, 0)


def test_one_patient_with_many_images_counts_as_one() -> None:
    rated = made(4, 20, between=0.0)
    heavy = made(5, 1, images=3000, between=0.0)
    joined = RatedByOthers(
        np.concatenate([rated.errors, 10 * heavy.errors]),
        *(
            np.concatenate([getattr(rated, name), getattr(heavy, name)])
            for name in ("spread", "share", "processed")
        ),
        [*rated.cases, *(f"heavy{name}" for name in heavy.cases)],
    )
    alone, both = calibrate_by_case(rated), calibrate_by_case(joined)
    ends = [one.interval(2.0, 0.05, SCALE)[1] - 2 for one in (alone, both)]
    assert ends[1] < 2.5 * ends[0]


def test_too_few_patients_are_refused() -> None:
    assert (min_cases(0.9), min_cases(0.8)) == (9, 4)
    with pytest.raises(DistiliqaError, match="8 patients cannot calibrate intervals of 90 %"):
        calibrate_by_case(made(0, 8))

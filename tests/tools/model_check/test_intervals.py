from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tools.make_model.settings import ModelSettings, load_settings
from tools.model_check.intervals import IMAGES, intervals, typical
from tools.model_check.subject import Subject

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.models.interval_calibration import IntervalCalibration


@pytest.fixture
def settings(settings_file: Path) -> ModelSettings:
    return load_settings(settings_file)


def with_intervals(subject: Subject, half: float) -> Subject:
    """The subject, whose model states intervals of one half width."""
    calibration = IntervalCalibration(0.9, quantile=half, floor=1.0, images=9, cases=9)
    config = replace(subject.model.config, interval_calibration=calibration)
    return replace(subject, model=replace(subject.model, config=config), _scores={})


def test_a_model_without_intervals_misses_their_coverage(subject: Subject, settings: ModelSettings):
    stated, left_out, _ = intervals(subject, settings).lines
    assert (stated["value"], stated["verdict"]) == (None, "MISSED")
    assert (left_out["n"], left_out["value"]) == (2, None), "too few patients"


@pytest.mark.parametrize(("half", "share"), [(0.0, 0.0), (100.0, 1.0)])
def test_coverage_counts_labels_in_their_intervals(
    subject: Subject, settings: ModelSettings, half: float, share: float
):
    stated, *_ = intervals(with_intervals(subject, half), settings).lines
    assert (stated["n"], stated["value"], stated["verdict"]) == (4, share, "MISSED")


def test_images_of_a_patient_are_spread_evenly():
    images = [
        RatedImage(f"{case}{n}", Path(), 1.0, case) for case in "AB" for n in range(4 * IMAGES)
    ]
    images.append(RatedImage("C", Path(), 1.0, "C"))
    names = typical(images)
    assert len(names) == 2 * IMAGES + 1
    places = np.sort([int(name[1:]) for name in names if name.startswith("A")])
    assert (places[0], places[-1]) == (0, 4 * IMAGES - 1)
    assert set(np.diff(places)) == {4, 5}

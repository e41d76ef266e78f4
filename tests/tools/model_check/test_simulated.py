from __future__ import annotations

from pathlib import Path

import pytest
from tools.make_model.settings import ModelSettings, load_settings
from tools.model_check.intervals import intervals
from tools.model_check.processed import processed
from tools.model_check.simulated import simulated
from tools.model_check.subject import Subject


@pytest.fixture
def settings(settings_file: Path) -> ModelSettings:
    return load_settings(settings_file)


def test_scores_are_compared_with_the_labels(subject: Subject, settings: ModelSettings):
    section = simulated(subject, settings)
    faults, *challenge = section.lines
    assert (faults["n"], faults["value"], faults["verdict"]) == (4, pytest.approx(1), "OK")
    assert [row["what"] for row in challenge] == [
        "scans of the challenge: PLCC",
        "scans of the challenge: SROCC",
    ]
    assert {row["fault"]: row["n"] for row in section.tables[1]} == {"none": 1, "median": 3}


def test_a_model_without_the_output_misses_what_is_asked_of_it(
    subject: Subject, settings: ModelSettings
):
    section = processed(subject, settings)
    assert len(section.missed) == 3
    counts = [row["n"] for row in section.lines]
    assert counts == [2 + 3, 3, 4], "both data sets; the pairs count for their kernels"
    assert {row["images"]: row["n"] for row in section.tables[1]} == {
        "not processed": 2,
        "denoisers of kinds that training saw": 3,
        "unseen: median": 3,
    }


def test_a_model_without_intervals_misses_their_coverage(subject: Subject, settings: ModelSettings):
    stated, left_out, _ = intervals(subject, settings).lines
    assert (stated["value"], stated["verdict"]) == (None, "MISSED")
    assert (left_out["n"], left_out["value"]) == (2, None), "too few patients"

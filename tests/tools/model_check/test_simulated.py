from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tools.make_model.settings import ModelSettings, load_settings
from tools.model_check.processed import processed
from tools.model_check.simulated import simulated
from tools.model_check.simulated_images import simulated_images
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
    slices = section.tables[2]
    assert {row["slice"]: row["n"] for row in slices} == {"H0/1": 2, "H1/1": 2}
    first, _, third, _ = subject.rated_scores(simulated_images(subject, settings, "ldctiqac2023"))
    errors = first.score - 4.0, third.score - 2.0  # of the two images of H0
    assert slices[0]["mean error"] == pytest.approx(sum(errors) / 2)
    assert slices[0]["mean absolute error"] == pytest.approx(sum(map(abs, errors)) / 2)
    assert all(row["mean absolute error"] >= abs(row["mean error"]) for row in slices)


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


def test_processed_images_are_parted_from_the_others(subject: Subject, settings: ModelSettings):
    # The image that nothing has processed comes first in both data sets.
    probabilities = {"held_out": (0.3, 0.9, 0.9, 0.9), "unseen": (0.6, 0.7, 0.5, 0.2)}
    for name, values in probabilities.items():
        folder = simulated_images(subject, settings, name)
        plain = subject.rated_scores(folder)
        subject._scores[folder] = [
            replace(score, processed=value) for score, value in zip(plain, values, strict=True)
        ]
    section = processed(subject, settings)
    # 0.7 is above both of 0.3 and 0.6, 0.5 above one, 0.2 above none.
    assert section.lines[0]["value"] == pytest.approx(3 / 6)
    areas = {row["images"]: row["AUC"] for row in section.tables[1]}
    assert areas["denoisers of kinds that training saw"] == 1

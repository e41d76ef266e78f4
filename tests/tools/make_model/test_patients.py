"""Patients of the shipped model: who trains, and who is held out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.make_model.choose_patients import RULE, Selection
from tools.make_model.patients import (
    FILE,
    TRAINS,
    Patients,
    counts,
    load_patients,
    save_patients,
)

from distiliqa.lab.recipe_file import read_yaml, validated

COMPACT = Path(__file__).resolve().parents[3] / "training" / "compact"


@pytest.fixture(scope="module")
def patients() -> Patients:
    return load_patients(COMPACT / FILE)


@pytest.fixture(scope="module")
def rule() -> Selection:
    return validated(Selection, read_yaml(COMPACT / RULE), RULE)


def test_a_quarter_is_held_out_and_a_third_of_the_rest_pretrains(patients: Patients) -> None:
    train, held_out = counts(patients.of(*TRAINS)), counts(patients.of("held_out"))
    share = held_out["patients"] / (train["patients"] + held_out["patients"])
    assert 0.2 < share < 0.3
    assert 0.3 < counts(patients.of("pretraining"))["patients"] / train["patients"] < 0.4
    assert counts(patients.patients)["patients"] == len({p.patient for p in patients.patients})


def test_held_out_sites_kernels_and_a_maker_are_in_no_training(
    patients: Patients, rule: Selection
) -> None:
    train, held_out = patients.of(*TRAINS), patients.of("held_out")
    assert not {p.site for p in train} & set(rule.held_out.sites)
    kernels, makers = (
        [{getattr(s, name) for p in side for s in p.slices} for side in (train, held_out)]
        for name in ("kernel", "maker")
    )
    assert not kernels[0] & set(rule.held_out.kernels)
    assert kernels[1] - kernels[0] >= {"FC12", "B30f", "B31s", "B40s"}
    assert makers[1] - makers[0] == {"TOSHIBA"}
    assert {s.region for p in held_out for s in p.slices} == {"chest", "abdomen"}


def test_slices_are_clean_and_few_a_patient(patients: Patients, rule: Selection) -> None:
    for patient in patients.of(*TRAINS, "held_out"):
        assert 1 <= len(patient.slices) <= rule.max_slices
        for slice_ in patient.slices:
            assert slice_.noise_hu is not None
            assert slice_.noise_hu <= rule.max_noise_hu


def test_a_saved_file_is_read_as_it_was(patients: Patients, tmp_path: Path) -> None:
    save_patients(patients, tmp_path / FILE)
    assert load_patients(tmp_path / FILE) == patients
    assert (tmp_path / FILE).read_text() == (COMPACT / FILE).read_text()

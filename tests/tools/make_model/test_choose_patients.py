"""The rule by which patients and slices are chosen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tools.make_model.patients import FILE, Patient, load_patients

from tools.make_model import choose_patients

SIDE = 128
RULE = """
max_noise_hu: 18
shape: [128, 128]
max_slices: 2
max_air_of_abdomen: 0.1
sites: {A*: one, B*: two, C*: one}
held_out: {sites: [two], kernels: [LUNG]}
pretraining: [A1]
regions: {}
"""


def body(noise: float) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    drawn = np.random.default_rng(0).normal(40, noise, (SIDE, SIDE))
    return np.where(np.hypot(x / 55, y / 45) < 1, drawn, -1000)


@pytest.fixture
def chosen(
    tmp_path: Path,
    write_ct: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> dict[str, Patient]:
    data, number = tmp_path / "data", 0
    noise = {"A1": (6, 6, 6, 40), "A2": (6,), "A3": (40,), "B1": (6,), "C1": (6,)}
    for name, levels in noise.items():
        for z, level in enumerate(levels):
            number += 1
            tags = {"PatientID": name, "ImagePositionPatient": [0, 0, 5 * z]}
            tags |= {"SOPInstanceUID": f"1.2.{number}", "PixelSpacing": [2, 2]}
            tags |= {"ConvolutionKernel": "LUNG" if name == "C1" else "B30f"}
            write_ct(data / name / f"{z}.dcm", body(level), **tags)
    write_ct(data / "small.dcm", body(6)[:64, :64], PatientID="A4")
    (tmp_path / "selection.yaml").write_text(RULE)
    monkeypatch.setattr(sys, "argv", ["choose", str(tmp_path), "--data", str(data)])
    monkeypatch.setattr(choose_patients, "run_jobs", one_after_the_other)
    choose_patients.main()
    assert "left out: 1 slices, another size" in capsys.readouterr().out  # A4
    return {patient.patient: patient for patient in load_patients(tmp_path / FILE).patients}


def one_after_the_other(work: Callable, tasks: list, *, description: str) -> list:
    return [(place, work(task)) for place, task in enumerate(tasks)]


def test_roles_follow_site_kernel_and_noise(chosen: dict[str, Patient]) -> None:
    assert {name: patient.role for name, patient in chosen.items()} == {
        "A1": "pretraining",
        "A2": "training",
        "A3": "check",
        "B1": "held_out",
        "C1": "held_out",
    }


def test_clean_slices_are_taken_from_end_to_end(chosen: dict[str, Patient]) -> None:
    assert [slice_.sop_uid for slice_ in chosen["A1"].slices] == ["1.2.1", "1.2.3"]

"""Tiny data in the layout of the check, and a model that scores by noise."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from tools.make_model.patients import Patient, Patients, Role, Slice, save_patients
from tools.model_check.subject import Subject

from distiliqa.scoring.model import Model

SPACING = {"PixelSpacing": [2.5, 2.5]}
# Patient, role, kernel and noise of one slice each.
PATIENTS: tuple[tuple[str, Role, str, float], ...] = (
    ("H1", "held_out", "B30f", 8),
    ("H2", "held_out", "59 .21.B50s", 10),
    ("C1", "check", "BONE", 40),
    ("T1", "training", "B30f", 8),
)


def chest(sd: float, seed: int = 0) -> np.ndarray:
    """A body of 25 cm with two lungs, 2.5 mm a pixel, and noise."""
    y, x = np.mgrid[:128, :128] - 64
    hu = np.where(np.hypot(x, y) < 50, 40.0, -1000.0)
    for side in (-22, 22):
        hu[np.hypot(x - side, y) < 18] = -850
    return hu + np.random.default_rng(seed).normal(0, sd, hu.shape)


@pytest.fixture(scope="session")
def patients() -> Patients:
    """Four patients with a slice each."""
    facts = {"sha256": "", "maker": None, "scanner": None, "thickness_mm": 3.0, "region": "chest"}
    return Patients(
        patients=tuple(
            Patient(
                patient=name,
                site="near",
                role=role,
                slices=(
                    Slice(sop_uid=f"1.2.{n}", kernel=kernel, spacing_mm=2.5, noise_hu=sd, **facts),
                ),
            )
            for n, (name, role, kernel, sd) in enumerate(PATIENTS)
        )
    )


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """Real slices, pairs of doses, and rated images."""
    root = tmp_path_factory.mktemp("data")
    for n, (name, _, kernel, sd) in enumerate(PATIENTS):
        tags = {"PatientID": name, "SOPInstanceUID": f"1.2.{n}", "ConvolutionKernel": kernel}
        path = root / "ct-dev" / "normal_dose" / f"{n}.dcm"
        write_ct(path, chest(sd, n), **tags, **SPACING)
    pairs = root / "ct-dev" / "dose_pairs"
    for kernel, z in (("B30f", -58.9), ("D45f", -64.9)):
        for dose, sd in (("full", 10), ("quarter", 20)):
            path = pairs / "L1" / kernel / dose / f"z{z:08.2f}.IMA"
            at = {"ImagePositionPatient": [0, 0, z], "ConvolutionKernel": kernel, **SPACING}
            write_ct(path, chest(sd, 3), **at)
    (pairs / "pairs.csv").write_text("patient,kernel,z\nL1,B30f,-58.9\nL1,D45f,-64.9\n")
    rated = root / "ct-dev" / "ldctiqac2023"
    rated.mkdir()
    for n, sd in enumerate((10, 40)):
        tifffile.imwrite(rated / f"{n}.tiff", chest(sd, 4).astype(np.float32))
    (rated / "scores.json").write_text('{"0.tiff": 0.5, "1.tiff": 3.9}')
    _write_denoised(root / "ct-more" / "denoised_rated")
    return root


def _write_denoised(folder: Path) -> None:
    """Two slices; one denoiser leaves noise between both doses, one next to none."""
    folder.mkdir(parents=True)
    noise = {"LDCT": 40, "NDCT": 10, "kind": 20, "waxy": 1}
    for number in (3, 7):
        images = {name: chest(sd, number).astype(np.int16) for name, sd in noise.items()}
        np.savez(folder / f"set{number:02d}.npz", **images)
    ratings = {"LDCT": (1, 1), "NDCT": (5, 5), "kind": (4, 4), "waxy": (3, 2)}
    with (folder / "ratings.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["set", "method", "noise", "contrast", "structure"])
        writer.writerows(
            (number, name, 7, *values) for number in (3, 7) for name, values in ratings.items()
        )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """Folder of `make model` with simulated images, whose labels fall with their noise."""
    root = tmp_path_factory.mktemp("made")
    for name in ("held_out", "unseen", "ldctiqac2023"):
        folder = root / "simulate" / name
        scores, rows = {}, []
        for n, sd in enumerate((5, 10, 20, 40)):
            write_ct(folder / f"{n}.dcm", chest(sd, n), PatientID=f"H{n % 2}", **SPACING)
            scores[f"{n}.dcm"] = 4.0 - n
            case, process = f"H{n % 2}", "median:3" if n else ""
            rows.append((f"{n}.dcm", case, f"{case}/1", process, int(n > 0), 0.0))
        (folder / "test.json").write_text(json.dumps(scores))
        with (folder / "manifest.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "case", "slice", "process", "processed", "motion"])
            writer.writerows(rows)
    return root


@pytest.fixture
def subject(model: Model, data: Path, made: Path, patients: Patients, tmp_path: Path) -> Subject:
    """The tiny model with its images."""
    return Subject(model, data, tmp_path, patients, made)


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory: pytest.TempPathFactory, patients: Patients) -> Path:
    """A model.yaml, its patients beside it."""
    folder = tmp_path_factory.mktemp("settings")
    save_patients(patients, folder / "patients.yaml")
    images = "{recipe: none.yaml, patients: held_out, networks: training}"
    (folder / "model.yaml").write_text(
        f"""
name: tiny
version: 1.0.0
refused: []
patients: patients.yaml
scale: {{}}
denoisers: {{}}
images: {{held_out: {images}, unseen: {images}, ldctiqac2023: {images}}}
pretraining: none.yaml
teachers: none.yaml
student: none.yaml
notes: []
domain: {{regions: [chest], pixel_mm: [0.4, 1.5]}}
figure: {{sop_uid: 1.2.0}}
"""
    )
    return folder / "model.yaml"

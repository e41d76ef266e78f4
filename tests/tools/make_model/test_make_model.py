"""From CT folders to the model folder, by the command, on few slices with tiny networks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from distiliqa.models.folder import read_config

ROOT = Path(__file__).resolve().parents[3]
RULE = """
max_noise_hu: 18
shape: [512, 512]
max_slices: 1
max_air_of_abdomen: 0.1
sites: {H*: far, "*": near}
held_out: {sites: [far], kernels: []}
pretraining: [P1, P2]
regions: {}
"""
MODEL = """
name: tiny
version: 1.2.3
refused: [dose_pairs]
patients: patients.yaml
scale: {regions: [abdomen]}
denoisers: {edge: {loss: edge, steps: 2}}
images:
  training: {recipe: training.yaml, patients: training, networks: training}
  held_out: {recipe: held_out.yaml, patients: held_out, networks: training}
pretraining: network.yaml
teachers: network.yaml
student: student.yaml
notes: [notes.md]
domain: {regions: [abdomen], pixel_mm: [0.4, 1.5]}
figure: {sop_uid: 1.2.5}
"""
STEP = "epochs: 1, batch_size: 4, optimizer: adamw, map_weight: 1, processed_weight: 1"
FILES = {
    "selection.yaml": RULE,
    "model.yaml": MODEL,
    "training.yaml": """
patients: {count: 1}
scans: {count: 1, lower_dose: 1, fewer_views: 0, faults: {share: 0}}
processing: {images: 2, pairs: 0, kinds: {median: 1, denoising_network: 1}}
""",
    "held_out.yaml": "{patients: {count: 1}, scans: {count: 0}, processing: {images: 0}}",
    "network.yaml": f"""
network: {{preset: compact, stem_width: 2, depth: 1, width: 8, heads: 2, mlp: 8}}
data: {{scale: [0, 4]}}
folds: {{count: 2}}
teacher: {{{STEP}, composites: 0.5, crops: 0.5, select_on: error_and_ladders}}
hardware: {{accelerator: cpu}}
""",
    "student.yaml": f"{{{STEP}, select_on: error_and_ladders}}",
    "notes.md": "Made for a test.\n",
}


@pytest.fixture
def home(tmp_path: Path, write_ct: Callable[..., Path]) -> Path:
    """Folder of the settings, with CT folders of four patients who train and one held out."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:512, :512] - 256.0
    for number, name in enumerate(("P1", "P2", "T1", "T2", "H1"), 1):
        hu = np.where(np.hypot(x / (200 + 5 * number), y / 150) < 1, 0.0, -1000)
        hu[np.hypot(x - 60, y) < 40] = 60
        hu[hu > -500] += rng.normal(40, 11, (hu > -500).sum())
        tags = {"PatientID": name, "SOPInstanceUID": f"1.2.{number}"}
        write_ct(tmp_path / "ct" / name / "1.dcm", hu, **tags)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    choose = ("tools.make_model.choose_patients", str(tmp_path), "--data", str(tmp_path / "ct"))
    subprocess.run([sys.executable, "-m", *choose], check=True, cwd=ROOT)
    return tmp_path


def make(home: Path, *options: str) -> list[str]:
    """Run the command; the steps that it started, by the log."""
    log = home / "work" / "log.txt"
    before = len(log.read_text().splitlines()) if log.is_file() else 0
    program = [sys.executable, "-m", "tools.make_model", str(home / "model.yaml")]
    given = ["--data", str(home / "ct"), "--work", str(home / "work"), "--until", "export"]
    subprocess.run([*program, *given, *options], check=True, cwd=ROOT)
    lines = [line.split() for line in log.read_text().splitlines()[before:]]
    return [line[2] for line in lines if line[1] == "start"]


@pytest.mark.slow
def test_from_slices_to_the_model_folder(home: Path) -> None:
    steps = make(home)
    assert steps == [
        *("sources", "scale", "denoisers", "simulate", "pretrain", "teachers", "student"),
        "export",
    ]
    config = read_config(home / "work" / "export" / "tiny")
    assert config.processed
    assert config.regions == ("abdomen",)
    assert config.domain is not None
    assert config.domain.max_pixel_mm == 1.5
    assert config.version == "1.2.3"
    assert config.heatmap == (16, 16)
    assert make(home) == []
    student = yaml.safe_load((home / "student.yaml").read_text())
    (home / "student.yaml").write_text(yaml.safe_dump(student | {"learning_rate": 2e-4}))
    assert make(home) == ["student", "export"]
    assert str(home) not in (home / "work" / "log.txt").read_text()

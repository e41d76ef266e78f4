"""The program that measures a model against its bounds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ITEMS = ("denoised", "real_pairs", "rated_images", "normal_dose", "stability", "no_patient")


@pytest.fixture
def options(data: Path, made: Path, settings_file: Path, tmp_path: Path) -> list[object]:
    inputs = ["--data", data, "--work", tmp_path / "work", "--made", made]
    return [*inputs, "--settings", settings_file]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.model_check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)


def test_the_table_is_printed_and_kept(tiny_model: Path, options: list[object], tmp_path: Path):
    items = [word for name in ITEMS for word in ("--only", name)]
    done = run(tiny_model, *options, *items)
    assert done.returncode == 0, done.stderr
    work = tmp_path / "work"
    assert done.stdout == (work / "bounds.md").read_text(encoding="utf-8")
    record = json.loads((work / "bounds.json").read_text(encoding="utf-8"))
    missed = [row["what"] for row in record["bounds"] if row["verdict"] == "MISSED"]
    assert f"Bounds missed: {len(missed)}" in done.stdout.splitlines()
    assert "ldctiqac2023: pairs in order" in missed
    assert "real pairs: full above quarter dose" not in missed
    assert record["model"]["name"] == "tiny"
    assert record["slices"] == ["1.2.0", "1.2.1"]
    assert sorted(path.stem for path in (work / "items").iterdir()) == sorted(ITEMS)
    assert str(tmp_path) not in json.dumps(record["sections"])

    assert "measuring real_pairs" in done.stderr
    again = run(tiny_model, *options, *items)
    assert again.stdout == done.stdout
    assert "measuring" not in again.stderr, "all was kept"
    fewer = run(tiny_model, *options, "--only", "no_patient", "--slices", 1)
    assert "measuring no_patient" in fewer.stderr, "another question"


def test_an_unknown_item_is_reported(tiny_model: Path, options: list[object]):
    done = run(tiny_model, *options, "--only", "beauty")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: no item beauty; give one of simulated,")


def test_data_without_held_out_patients_are_reported(
    tiny_model: Path, options: list[object], data: Path, tmp_path: Path
):
    folder = tmp_path / "ct-dev" / "normal_dose"
    folder.mkdir(parents=True)
    shutil.copy(data / "ct-dev" / "normal_dose" / "3.dcm", folder)
    done = run(tiny_model, *options, "--data", tmp_path, "--only", "no_patient")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.endswith("holds no slice of a held-out patient; check --data")

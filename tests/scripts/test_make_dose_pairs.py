"""The script that makes a training tree from normal-dose CT."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from distiliqa.data.pairs import read_pairs
from distiliqa.simulate.dose import scan

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_dose_pairs.py"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments), "--jobs", "1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path: Path, write_ct: Callable[..., Path]) -> Path:
    for n in range(2):
        hu = scan(np.full((64, 64), 40.0), (3.0, 3.0), seed=n)
        write_ct(tmp_path / "in" / f"{n}.dcm", hu, PatientID=f"P{n}", PixelSpacing=[3, 3])
    return tmp_path / "in"


def test_pairs_are_made_once(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(folder, out, "--dose", "0.25").returncode == 0
    pairs = read_pairs(out / "pairs.csv").pairs
    assert [(pair.case, pair.low_dose) for pair in pairs] == [("P0", 0.25), ("P1", 0.25)]
    full, low = (pydicom.dcmread(path) for path in (pairs[0].full, pairs[0].low))
    before, after = full.pixel_array - 1024.0, low.pixel_array + 0.0
    middle = np.s_[16:48, 16:48]
    assert after[middle].std() / before[middle].std() == pytest.approx(2, rel=0.2)
    made = [pair.low.stat().st_mtime_ns for pair in pairs]
    assert run(folder, out, "--dose", "0.25").returncode == 0
    assert [pair.low.stat().st_mtime_ns for pair in pairs] == made


def test_doses_are_drawn_and_bad_files_named(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.dcm").write_text("broken")
    result = run(folder, tmp_path / "out", "--dose", "0.05,0.5")
    assert result.returncode == 1
    assert "broken.dcm: not a DICOM file" in result.stderr
    with (tmp_path / "out" / "pairs.csv").open(newline="") as file:
        doses = [float(row["low_dose"]) for row in csv.DictReader(file)]
    assert len(set(doses)) == 2
    assert all(0.05 <= dose <= 0.5 for dose in doses)

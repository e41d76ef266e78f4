"""The script that measures a model against what it must reach."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.model_check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)


def chest(sd: float, seed: int = 0) -> np.ndarray:
    """A body of 25 cm with two lungs, 2.5 mm a pixel, and noise."""
    y, x = np.mgrid[:128, :128] - 64
    hu = np.where(np.hypot(x, y) < 50, 40.0, -1000.0)
    for side in (-22, 22):
        hu[np.hypot(x - side, y) < 18] = -850
    return hu + np.random.default_rng(seed).normal(0, sd, hu.shape)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """A tiny dataset in the layout of ct-dev, and a simulated one."""
    root = tmp_path_factory.mktemp("data")
    spacing = {"PixelSpacing": [2.5, 2.5]}
    for n in range(2):
        place = {"PatientID": f"P{n}", "SeriesInstanceUID": f"1.2.{n}", **spacing}
        write_ct(root / "normal_dose" / f"{n}.dcm", chest(10, n), **place)
    for kernel, z in (("B30f", -58.9), ("D45f", -64.9)):
        for dose, sd in (("full", 10), ("quarter", 20)):
            path = root / "dose_pairs" / "L1" / kernel / dose / f"z{z:08.2f}.IMA"
            at = {"ImagePositionPatient": [0, 0, z], "ConvolutionKernel": kernel, **spacing}
            write_ct(path, chest(sd, 3), **at)
    pairs = "patient,kernel,z\nL1,B30f,-58.9\nL1,D45f,-64.9\n"
    (root / "dose_pairs" / "pairs.csv").write_text(pairs)
    rated = root / "ldctiqac2023"
    rated.mkdir()
    for n, sd in enumerate((10, 40)):
        tifffile.imwrite(rated / f"{n}.tiff", chest(sd, 4).astype(np.float32))
    (rated / "scores.json").write_text('{"0.tiff": 0.5, "1.tiff": 3.9}')
    test = {}
    for n, sd in enumerate((10, 20, 40)):
        write_ct(root / "simulated" / f"{n}.dcm", chest(sd, 5), PatientID="P1", **spacing)
        test[f"{n}.dcm"] = 4.0 - n
    (root / "simulated" / "test.json").write_text(json.dumps(test))
    return root


@pytest.fixture(scope="module")
def result(data: Path, tiny_model: Path) -> tuple[str, dict, dict]:
    """The page, the whole record, and the rows of the record by section and name."""
    out = data / "out" / "check.md"
    inputs = ("--data", data, "--simulated", data / "simulated", "--model", tiny_model)
    done = run(*inputs, "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == out.read_text(encoding="utf-8")
    record = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    rows = {
        section["title"]: {
            next(iter(row.values())): row for part in section["tables"] for row in part
        }
        for section in record["sections"]
    }
    return done.stdout, record, rows


def test_every_section_has_its_figures(result: tuple[str, dict, dict]):
    _, _, rows = result
    simulated = rows["Held-out patients, simulated"]["SROCC"]
    assert (simulated["n"], simulated["model"], simulated["verdict"]) == (3, 1, "reached")
    ladders = rows["Ladders of dose and views"]  # one slice of the one patient held out
    assert ladders["dose, pairs ranked right"]["n"] == 15
    assert ladders["views, pairs ranked right"]["n"] == 6
    assert ladders["dose 1"]["mean score"] > ladders["dose 0.05"]["mean score"]
    pairs = rows["Real pairs"]["all, full above quarter"]
    assert (pairs["n"], pairs["model"], pairs["verdict"]) == (2, 1, "reached")
    changes = rows["Changes of the score"]
    assert (changes["rows flipped"]["n"], changes["rows flipped"]["bound"]) == (2, "≤ 0.1")
    assert changes["B30f to D45f, nearest real slices, 6 mm apart"]["n"] == 1
    assert changes["1 to 5 mm: no data, no series has adjacent slices so thin"]["n"] == 0
    assert rows["Chest at normal dose"]["soft kernels"]["n"] == 2
    assert all(row["flagged"] == row["n"] for row in rows["Flags"].values())


def test_what_is_missed_is_reported(result: tuple[str, dict, dict]):
    page, record, rows = result
    upside_down = rows["Images rated by radiologists"]
    assert upside_down["pairs ranked right"]["verdict"] == "missed"
    assert upside_down["0.tiff"]["error"] == pytest.approx(upside_down["0.tiff"]["score"] - 0.5)
    assert upside_down["0.tiff"]["verdict"] == "missed"
    assert "- Images rated by radiologists: 0.tiff" in page.splitlines()
    by_title = {section["title"]: section["missed"] for section in record["sections"]}
    assert "0.tiff" in by_title["Images rated by radiologists"]


def test_the_record_says_what_was_measured(result: tuple[str, dict, dict], data: Path):
    _, record, _ = result
    assert record["model"]["name"] == "tiny"
    assert len(record["model"]["sha256"]) == 64
    assert record["cases"] == ["P1"]
    assert {"normal_dose/0.dcm", "simulated/test.json", "simulated/2.dcm"} <= set(record["sha256"])
    assert str(data) not in json.dumps(record["sha256"])


def test_a_case_that_is_not_held_out_is_reported(data: Path, tiny_model: Path):
    inputs = ("--data", data, "--simulated", data / "simulated", "--model", tiny_model)
    done = run(*inputs, "--cases", "P7")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("test.json: no such case; it has P1")

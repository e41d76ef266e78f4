"""The command: what it writes where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from tests.support.command_line import run_apart

from distiliqa.ct import read_ct

WriteCT = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, write_ct: WriteCT) -> Path:
    """Two cases as TCIA delivers them, one slice each."""
    rng = np.random.default_rng(0)
    for case in ("C002", "C012"):
        full = rng.normal(40, 10, (64, 64))
        low = full + rng.normal(0, 30, full.shape)
        for name, hu in (("Full", full), ("Low", low)):
            folder = tmp_path / "root" / case / "study" / f"1.000-{name} Dose Images-1"
            write_ct(folder / "1-001.dcm", hu)
    return tmp_path / "root"


def run(*arguments: object) -> tuple[int, str, str]:
    return run_apart("preprocess", *arguments, "--jobs", 1)


def names(folder: Path, which: str) -> list[str]:
    return list(json.loads((folder / which).read_text()))


def test_the_published_tree(root: Path) -> None:
    code, stdout, stderr = run(root)
    assert code == 0, stderr
    assert "8 rated images" in stdout
    assert "C002/study/0.5Dose/1-001.dcm" in names(root, "train.json")
    assert len(names(root, "train.json")) == len(names(root, "test.json")) == 4
    assert "2 slices were there already" in run(root)[1]


def test_cases_come_by_comma_or_again_and_again(root: Path) -> None:
    assert run(root, "--train-cases", "C012, C002", "--test-cases", "C077")[0] == 0
    assert (len(names(root, "train.json")), names(root, "test.json")) == (8, [])
    assert run(root, "--train-cases", "C012", "--train-cases", "C002", "--test-cases", "X")[0] == 0
    assert len(names(root, "train.json")) == 8


def test_doses_and_their_place(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(root, "--out", out, "--doses", "0.3", "--low-dose", "0.25")[0] == 0
    assert (out / "C002" / "study" / "0.3Dose" / "1-001.dcm").is_file()
    assert len(names(out, "dataset.json")) == 6
    assert not (root / "dataset.json").exists()


@pytest.mark.parametrize("formula", ["physical", "published"])
def test_the_formula_of_the_doses(root: Path, tmp_path: Path, formula: str) -> None:
    """The published divisor of 3 is that of a quarter dose; here the low dose is a tenth."""
    out = tmp_path / "out"
    options = ("--out", out, "--doses", 0.5, "--dose-formula", formula)
    assert run(root, *options)[0] == 0
    (made,) = (out / "C002").rglob("0.5Dose/1-001.dcm")
    mixed = pydicom.dcmread(made)
    assert mixed.DerivationDescription == f"dose 0.5 from doses 1 and 0.1, {formula}"
    full, low = (
        next((root / "C002").rglob(f"*{name} Dose*/1-001.dcm")) for name in ("Full", "Low")
    )
    full_hu, low_hu, mixed_hu = (next(iter(read_ct(path))).hu for path in (full, low, made))
    divisor = {"physical": 1 / 0.1 - 1, "published": 3.0}[formula]
    expected = full_hu + np.sqrt((1 / 0.5 - 1) / divisor) * (low_hu - full_hu)
    assert np.abs(mixed_hu - expected).max() <= {"physical": 0.5, "published": 1.0}[formula] + 1e-3


def test_files_of_another_extension(root: Path) -> None:
    for path in root.rglob("*.dcm"):
        path.rename(path.with_suffix(".ima"))
    code, _, stderr = run(root)
    assert (code, "Full Dose Images ...>/*.dcm" in stderr) == (2, True)
    code, stdout, stderr = run(root, "--img-extension", ".IMA")
    assert code == 0, stderr
    assert "8 rated images" in stdout


def test_pairs_of_any_layout(root: Path) -> None:
    lines = ["full,low,case,low_dose"]
    for case in ("C002", "C012"):
        folders = (f"{case}/study/1.000-{dose} Dose Images-1" for dose in ("Full", "Low"))
        lines.append(",".join([f"{folder}/1-001.dcm" for folder in folders] + [case, "0.25"]))
    (root / "pairs.csv").write_text("\n".join(lines))
    code, _, stderr = run("--pairs", root / "pairs.csv", "--test-cases", "C012")
    assert code == 0, stderr
    assert len(names(root / "distiliqa", "train.json")) == 4
    of_test = names(root / "distiliqa", "test.json")
    assert len(of_test) == 4
    assert all("C012" in name for name in of_test)
    for option in ("--test-cases", "--train-cases"):
        code, _, stderr = run("--pairs", root / "pairs.csv", option, "C12", "--out", root / "new")
        assert (code, (root / "new").exists()) == (2, False)
        assert "no pair of the case C12; choose from C002, C012" in stderr


def test_what_is_left_out_is_listed(root: Path) -> None:
    broken, alone = sorted(root.rglob("*.dcm"))[:2]
    broken.write_text("broken")
    (alone.parent / "1-002.dcm").write_bytes(alone.read_bytes())
    code, stdout, stderr = run(root)
    assert code == 1
    assert "4 rated images" in stdout
    assert f"{broken}: not a DICOM file" in stderr
    assert "1-002.dcm: its case has no full-dose image of this name" in stderr


def test_nothing_usable(root: Path) -> None:
    for path in root.rglob("*.dcm"):
        path.write_text("broken")
    assert run(root)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ((), "give ROOT, or --pairs"),
        (("none",), "none: no such folder"),
        (("--pairs", "none.csv"), "none.csv: no such file"),
        (("--pairs", "none.csv", "--low-dose", "0.1"), "give ROOT, or --pairs"),
        (("ROOT", "--doses", "half"), "--doses half"),
        (("ROOT", "--doses", "0.05"), "dose 0.05 does not lie"),
        (("ROOT", "--low-dose", "10"), "a low dose of 10"),
        (("ROOT", "--train-cases", "C002", "--test-cases", "C002"), "C002 is in the training"),
    ],
)
def test_wrong_usage_is_one_line(root: Path, arguments: tuple[str, ...], part: str) -> None:
    code, _, stderr = run(*(root if word == "ROOT" else word for word in arguments))
    assert code == 2
    assert part in stderr.replace(" │ │ ", " ")
    assert "Traceback" not in stderr


def test_a_read_only_folder_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # who writes anywhere

        def refused(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("distiliqa.files.Path.touch", refused)
    else:
        root.chmod(0o500)
    code, _, stderr = run(root)
    assert code == 2
    assert "Permission denied); choose an output folder you may write to" in stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_with_130_and_resumes(root: Path, tmp_path: Path, write_ct: WriteCT) -> None:
    """Of so many pairs that most are left when the first is done; one file has all their names."""
    noise = np.random.default_rng(0).normal(40, 20, (512, 512))
    image = write_ct(tmp_path / "in" / "image.dcm", noise)
    lines = ["full,low,case,low_dose"]
    for n in range(200):
        full, low = (image.with_name(f"{dose}{n}.dcm") for dose in "fl")
        for path in (full, low):
            os.link(image, path)
        lines.append(f"{full},{low},A,0.25")
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    command = [
        sys.executable,
        "-m",
        "distiliqa",
        "preprocess",
        "--pairs",
        str(tmp_path / "pairs.csv"),
    ]
    process = subprocess.Popen(
        [*command, "--jobs", "2"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    journal = tmp_path / "distiliqa" / "preprocess.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes at once
    stderr = process.communicate(timeout=120)[1]
    assert process.returncode == 130, stderr
    assert "interrupted; run again to resume" in stderr
    assert "Traceback" not in stderr
    assert not list((tmp_path / "distiliqa").rglob("*.part"))
    assert not (tmp_path / "distiliqa" / "dataset.json").exists()
    (tmp_path / "pairs.csv").write_text("\n".join(lines[:5]))
    code, stdout, _ = run("--pairs", tmp_path / "pairs.csv")
    assert code == 0
    found = re.search(r"; (\d+) slices were there already", stdout)
    assert found is not None
    assert 1 <= int(found[1]) <= 4

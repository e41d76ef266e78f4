"""The published command line, run as its README types it, on a small TCIA-shaped tree."""

from __future__ import annotations

import csv
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

MAIN = Path(__file__).resolve().parents[1] / "main.py"
CASES = {"train": ["C002", "C004"], "test": ["C012"]}
TOY = ["stem_width=2", "depth=1", "width=16", "heads=2", "mlp=16"]


@pytest.fixture
def tree(tmp_path: Path, write_ct: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """``Dataset/LDCT-and-Projection-data`` below the working directory."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "Dataset" / "LDCT-and-Projection-data"
    rng = np.random.default_rng(0)
    for case in (*CASES["train"], *CASES["test"]):
        for number in (1, 2):
            body = np.full((128, 128), 40.0)
            for folder, noise in (("1.0-Full Dose Images-1", 5), ("1.0-Low Dose Images-2", 60)):
                path = root / case / "study" / folder / f"1-00{number}.dcm"
                hu = (body + noise * rng.standard_normal(body.shape)).round()
                write_ct(path, hu, PatientID=case, ImagePositionPatient=[0, 0, number])
    return root


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["main.py", *arguments])
    runpy.run_path(str(MAIN), run_name="__main__")


def toy() -> list[str]:
    sizes = [part for size in TOY for part in ("--set", f"network.{size}")]
    return [*sizes, "--set", "folds.count=2", "--set", "network.stem_blocks=1", "--device", "cpu"]


def test_the_four_tasks_in_the_published_order(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = toy()
    steps = ["--num_epochs_teacher", "1", "--num_epochs_student", "2", "--conv_stem", "1"]
    run(monkeypatch, "--task", "preprocessing")
    assert len(json.loads((tree / "train.json").read_text())) == 16
    assert len(json.loads((tree / "test.json").read_text())) == 8
    run(monkeypatch, "--task", "train_teacher", *small, *steps)
    run(monkeypatch, "--task", "train_student", *small, *steps)
    run(monkeypatch, "--task", "evaluate")

    for fold in (1, 2):
        snapshot = tmp_path / f"snapshots_fold_{fold}" / "model_0.pth"
        state = torch.load(snapshot, weights_only=True)
        assert state["model.heads.weight"].shape == (1, 16)
        assert "conv_head.0.0.weight" in state
        assert (tmp_path / f"Train/weights/fold{fold}.pth").is_file()
    (student,) = (tmp_path / "snapshots_student").iterdir()
    assert torch.load(student, weights_only=True)["model.heads.weight"].shape == (2, 16)
    with (tmp_path / "accumulate_metrics.csv").open() as file:
        assert list(csv.DictReader(file).fieldnames or ()) == [
            "overall", "plcc", "srocc", "krocc", "mae", "mse",
        ]  # fmt: skip
    with (tmp_path / "eval_info.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 8


def test_each_task_has_options_of_its_own(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "distiliqa_run" / "student"
    distil = ["--task", "train_student", *toy(), "--num_epochs_student"]

    def epochs() -> int:
        return len((folder / "train_info_student.csv").read_text().splitlines()) - 1

    run(monkeypatch, "--task", "preprocessing")
    run(monkeypatch, "--task", "train_teacher", *toy(), "--num_epochs_teacher", "1")
    run(monkeypatch, *distil, "2")
    assert epochs() == 2
    first = (folder / "best.safetensors").stat().st_mtime_ns
    run(monkeypatch, *distil, "2")
    assert (folder / "best.safetensors").stat().st_mtime_ns == first
    others = [f"Train/weights/fold{k}.pth" for k in (2, 1)]
    run(monkeypatch, *distil, "2", "--weights_path", *others)
    assert (folder / "best.safetensors").stat().st_mtime_ns != first
    run(monkeypatch, *distil, "1", "--weights_path", *others)
    assert epochs() == 1


def test_published_behaviour_is_one_switch(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "--task", "preprocessing")
    physical = json.loads((tree / "test.json").read_text())
    run(monkeypatch, "--task", "preprocessing", "--published")
    published = json.loads((tree / "test.json").read_text())
    # Divisor 3 in place of 9 mixes in more of the low dose's noise.
    mixed = [name for name in physical if "0.5Dose" in name]
    assert mixed
    assert all(published[name] < physical[name] for name in mixed)


def test_a_missing_student_is_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, "--task", "evaluate")
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "train_student" in error

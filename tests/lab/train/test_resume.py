"""A run that is killed goes on to the weights of one that is not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from distiliqa.lab.train.engine import LAST
from distiliqa.lab.train.recipe import Recipe, save_recipe

EPOCHS = 15


def stop(command: list[str], table: Path, how: signal.Signals) -> int:
    """Run a command, send it a signal once two epochs are in its table; give its exit status."""
    process = subprocess.Popen(
        [sys.executable, "-m", "distiliqa", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not table.is_file() or len(table.read_text().splitlines()) < 3:
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(how)
    return process.wait(timeout=60)


def finish(*command: str | Path) -> None:
    """Run a command to its end. All runs are processes of their own: what other tests have loaded
    or set in this one (threads, say) may change the last bit of a sum."""
    words = [sys.executable, "-m", "distiliqa", *map(str, command)]
    subprocess.run(words, check=True, capture_output=True, timeout=300)


def test_a_killed_run_gives_the_weights_of_an_uninterrupted_one(
    recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    settings, whole, killed = tmp_path / "recipe.yaml", tmp_path / "whole", tmp_path / "killed"
    steps = {"epochs": EPOCHS, "crops": 0.5, "averaging": 0.9}
    changes = {f"{who}.{key}": steps[key] for who in ("teacher", "student") for key in steps}
    save_recipe(recipe(**changes), settings)
    finish("train-teacher", settings, "--out", whole)
    finish("train-student", whole)

    begin = ["train-teacher", str(settings), "--out", str(killed)]
    table = killed / "teacher" / "fold_1" / "train_info_fold_1.csv"
    assert stop(begin, table, signal.SIGKILL) == -signal.SIGKILL
    saved = torch.load(table.parent / LAST, weights_only=True)["epoch"] + 1
    rows = table.read_text().splitlines()[1 : saved + 1]
    finish(*begin, "--resume")
    # The rows hold times, so they are only the same if the epochs were not run again.
    assert table.read_text().splitlines()[1 : saved + 1] == rows
    assert len(table.read_text().splitlines()) == EPOCHS + 1
    student = killed / "student" / "train_info_student.csv"
    assert stop(["train-student", str(killed)], student, signal.SIGKILL) == -signal.SIGKILL
    finish("train-student", killed, "--resume")

    for part in ("teacher/fold_1", "teacher/fold_2", "student"):
        first, second = (load_file(run / part / "best.safetensors") for run in (whole, killed))
        assert all(torch.equal(first[name], second[name]) for name in first)
        last = [
            torch.load(run / part / LAST, weights_only=True)["state_dict"]
            for run in (whole, killed)
        ]
        assert all(torch.equal(last[0][name], last[1][name]) for name in last[0])


def test_ctrl_c_ends_with_130_and_keeps_the_finished_epochs(
    recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    save_recipe(recipe(**{"teacher.epochs": 500}), tmp_path / "recipe.yaml")
    out = tmp_path / "run"
    table = out / "teacher" / "fold_1" / "train_info_fold_1.csv"
    begin = ["train-teacher", str(tmp_path / "recipe.yaml"), "--out", str(out)]
    assert stop(begin, table, signal.SIGINT) == 130
    assert (out / "teacher" / "fold_1" / LAST).is_file()

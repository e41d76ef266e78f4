"""A run that is killed goes on to the weights of one that is not.

All runs are processes of their own: what other tests have loaded or set in this one (threads, say)
may change the last bit of a sum.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from distiliqa.lab.train.engine import LAST
from distiliqa.lab.train.recipe import Recipe, save_recipe

EPOCHS = 4
STOPPED_IN = 2  # epoch, from 0

# In the middle of an epoch, and between the row of an epoch in the table and its checkpoint.
MIDDLE, UNSAVED = "History.on_train_batch_start", "LastCheckpoint.on_train_epoch_end"
RUNS = f"""
import json, os, sys
from distiliqa.cli import app
from distiliqa.lab.train import callbacks

def stop_at(owner, hook, folder, signal):
    unchanged = getattr(owner, hook)

    def stop(self, trainer, *details):
        if self.path.parent.name == folder and trainer.current_epoch == {STOPPED_IN}:
            os.kill(os.getpid(), signal)
        unchanged(self, trainer, *details)

    setattr(owner, hook, stop)

commands, stop = json.loads(sys.argv[1])
if stop is not None:
    place, folder, signal = stop
    owner, hook = place.split(".")
    stop_at(getattr(callbacks, owner), hook, folder, signal)
for command in commands:
    if status := app(command, standalone_mode=False):
        sys.exit(status)
"""


def start(
    *commands: list[object], stop: tuple[str, str, signal.Signals] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process of some commands; it sends itself a signal at a place in the training of a
    folder."""
    given = json.dumps((commands, stop), default=str)
    return subprocess.Popen([sys.executable, "-c", RUNS, given], stdout=subprocess.DEVNULL)


def ended(process: subprocess.Popen[bytes]) -> int:
    with process:
        return process.wait(timeout=300)


def epochs(table: Path) -> list[str]:
    return table.read_text().splitlines()[1:]


def test_a_killed_run_gives_the_weights_of_an_uninterrupted_one(
    recipe: Callable[..., Recipe], tmp_path: Path
) -> None:
    settings, whole, killed = tmp_path / "recipe.yaml", tmp_path / "whole", tmp_path / "killed"
    steps = {"epochs": EPOCHS, "crops": 0.5, "averaging": 0.9}
    changes = {f"{who}.{key}": steps[key] for who in ("teacher", "student") for key in steps}
    save_recipe(recipe(**changes), settings)
    uninterrupted = start(
        ["train-teacher", settings, "--out", whole],
        ["train-student", whole],
    )
    train, distil = ["train-teacher", settings, "--out", killed], ["train-student", killed]

    teacher = killed / "teacher" / "fold_1"
    table = teacher / "train_info_fold_1.csv"
    assert ended(start(train, stop=(MIDDLE, "fold_1", signal.SIGKILL))) == -signal.SIGKILL
    assert torch.load(teacher / LAST, weights_only=True)["epoch"] == STOPPED_IN - 1
    rows = epochs(table)
    assert len(rows) == STOPPED_IN

    go_on = start([*train, "--resume"], distil, stop=(UNSAVED, "student", signal.SIGKILL))
    assert ended(go_on) == -signal.SIGKILL
    # The rows hold times, so they are only the same if the epochs were not run again.
    assert epochs(table)[:STOPPED_IN] == rows
    assert len(epochs(table)) == EPOCHS
    student = killed / "student" / "train_info_student.csv"
    rows = epochs(student)
    assert len(rows) == STOPPED_IN + 1

    assert ended(start([*distil, "--resume"])) == 0
    assert epochs(student)[:STOPPED_IN] == rows[:STOPPED_IN]
    assert len(epochs(student)) == EPOCHS

    assert ended(uninterrupted) == 0
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
    save_recipe(recipe(**{"teacher.epochs": EPOCHS}), tmp_path / "recipe.yaml")
    out = tmp_path / "run"
    train = ["train-teacher", tmp_path / "recipe.yaml", "--out", out]
    assert ended(start(train, stop=(MIDDLE, "fold_1", signal.SIGINT))) == 130
    folder = out / "teacher" / "fold_1"
    assert torch.load(folder / LAST, weights_only=True)["epoch"] == STOPPED_IN - 1
    assert len(epochs(folder / "train_info_fold_1.csv")) == STOPPED_IN

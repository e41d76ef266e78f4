"""A small rated data set and a recipe that trains on it in a second."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.train.recipe import Recipe, load_recipe
from distiliqa.lab.train.runs import open_run, start_run
from distiliqa.lab.train.student import train_student
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.training_run import TrainingRun

NOISE_HU = (0, 30, 90)
CASES = 4


@pytest.fixture(scope="session")
def rated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Discs of soft tissue in air with noise; the score falls with the noise."""
    folder = tmp_path_factory.mktemp("rated")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-256:256, -256:256]
    ratings, rows = {}, []
    for case in range(CASES):
        disc = np.where((y / 200) ** 2 + (x / (170 + 10 * case)) ** 2 < 1, 40.0, -1000.0)
        for noise in NOISE_HU:
            name = f"case{case}_noise{noise}.npy"
            hu = disc + noise * rng.standard_normal(disc.shape)
            np.save(folder / name, hu.astype(np.float32))
            ratings[name] = 1 - noise / 100
            rows.append((name, f"case{case}", noise, 1, ratings[name], f"disc{case}"))
    write_json(folder / "train.json", ratings)
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "case", "slice", "dose", "score", "source"), *rows])
    return folder


@pytest.fixture
def recipe(rated_folder: Path) -> Callable[..., Recipe]:
    """Recipe ``smoke`` on the small data set: ``recipe(**{"teacher.epochs": 3})``."""

    def make(**overrides: Any) -> Recipe:
        data = {
            "data.folder": str(rated_folder),
            "data.ratings": str(rated_folder / "train.json"),
        }
        return load_recipe("smoke", data | overrides)

    return make


@pytest.fixture
def mapped_folder(rated_folder: Path, tmp_path: Path) -> Path:
    """The same images with a quality map each, and every third of them processed."""
    folder = tmp_path / "mapped"
    folder.mkdir()
    rows, ratings = [], read_json(rated_folder / "train.json")
    weight = np.zeros((16, 16), np.float32)
    weight[5:11, 5:11] = 0.8
    for number, (name, score) in enumerate(ratings.items()):
        (folder / name).symlink_to(rated_folder / name)
        quality = np.where(weight > 0, np.float32(score), np.float32(0))
        np.savez(folder / f"{name}.npz", quality=quality, weight=weight)
        case = name.partition("_")[0]
        rows.append((name, case, case, int(number % 3 == 0), f"{name}.npz"))
    write_json(folder / "train.json", ratings)
    with (folder / "manifest.csv").open("w", newline="") as file:
        header = ("path", "case", "source", "processed", "label_map")
        csv.writer(file).writerows([header, *rows])
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, rated_folder: Path) -> TrainingRun:
    """A finished run of the small data set, which tests only read."""
    data = {"data.folder": str(rated_folder), "data.ratings": str(rated_folder / "train.json")}
    run = start_run(tmp_path_factory.mktemp("run"), load_recipe("smoke", data), resume=False)
    train_teachers(run)
    train_student(run)
    return run


@pytest.fixture
def copied(trained: TrainingRun, tmp_path: Path) -> TrainingRun:
    """The run that is trained, to be trained again."""
    return open_run(Path(shutil.copytree(trained.folder, tmp_path / "copied")))

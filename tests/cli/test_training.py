"""The training commands, one after another, with settings from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.command_line import run

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.lab.evaluate.out_of_fold import read_out_of_fold
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.recipe import load_recipe


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Eight slices of noise named by patient; the score falls with the noise."""
    rng = np.random.default_rng(0)
    rows, ratings = ["path,case"], {}
    for case in range(4):
        for noise in (10, 50):
            name = f"p{case}_{noise}.npy"
            np.save(tmp_path / name, 40 + noise * rng.standard_normal((512, 512)))
            ratings[name] = 4 - noise / 25
            rows.append(f"{name},p{case}")
    (tmp_path / "ratings.json").write_text(json.dumps(ratings))
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    return tmp_path


def test_from_ratings_to_a_model_folder(data: Path) -> None:
    out, begin = data / "run", ["train-teacher", "smoke", "--data", data]
    begin += ["--ratings", data / "ratings.json", "--out", data / "run", "--epochs", 1]
    begin += ["--set", "data.scale=[0, 4]", "--seed", 3]
    for fold in (2, 1):  # as five machines would, in any order
        status, output = run(*begin, "--fold", fold)
        assert status == 0, output
    recipe = load_recipe(out / "recipe.yaml")
    assert (recipe.seed, recipe.teacher.epochs, recipe.data.scale) == (3, 1, (0, 4))
    assert run("train-student", out, "--epochs", 1)[0] == 0
    status, output = run(
        "evaluate", out, "--data", data, "--ratings", data / "ratings.json", "--out", data / "ev"
    )
    assert status == 0, output
    (data / "notes.md").write_text("Made of noise.\n")
    status, output = run(
        "export", out, data / "model", "--name", "noise",
        "--evaluation", data / "ev" / "evaluation.json", "--notes", data / "notes.md",
    )  # fmt: skip
    assert status == 0, output
    card = (data / "model" / "README.md").read_text()
    assert card.startswith("# noise")
    assert card.endswith("Made of noise.\n")
    # Case names may be patient identifiers: they stay out of what is shipped.
    assert "p0" not in (data / "model" / "config.json").read_text()
    assert "On 8 test images" in card


def test_a_student_is_exported_by_its_own_recipe(data: Path) -> None:
    out, begin = data / "run", ["train-teacher", "smoke", "--data", data]
    begin += ["--ratings", data / "ratings.json", "--out", out, "--epochs", 1]
    assert run(*begin, "--set", "data.scale=[0, 4]")[0] == 0
    status, output = run("train-student", out, "--epochs", 1, "--set", "student.held_out_fold=2")
    assert status == 0, output
    assert run("export", out, data / "model")[0] == 0
    training = json.loads((data / "model" / "config.json").read_text())["training"]
    step = training["recipe"]["student"]
    assert (step["held_out_fold"], step["epochs"]) == (2, 1)
    for setting in ("seed=5", "folds.count=3", "network.depth=2", "data.scale=[0, 5]"):
        status, output = run("train-student", out, "--set", setting)
        assert status == 2
        assert "the teachers have learned with another; drop it" in output
    # Without options it is the run's recipe again, as the user may have edited it.
    text = (out / "recipe.yaml").read_text().replace("held_out_fold: 1", "held_out_fold: 2")
    (out / "recipe.yaml").write_text(text)
    assert run("train-student", out)[0] == 0
    assert not (out / "student" / "recipe.yaml").exists()
    held_out = json.loads((out / "student" / "result.json").read_text())["held_out"]
    assert held_out == json.loads((out / "run.json").read_text())["folds"][1]


def test_predictions_of_all_folds_and_seeds(data: Path) -> None:
    begin = ["train-teacher", "smoke", "--data", data, "--ratings", data / "ratings.json"]
    begin += ["--set", "data.scale=[0, 4]", "--epochs", 1, "--seeds", 2, "--out", data / "out"]
    status, output = run(*begin, "--fold", 1)
    assert status == 0, output
    assert not (data / "out" / "cross_validation.csv").exists()
    status, output = run(*begin, "--resume")
    assert status == 0, output
    ratings = json.loads((data / "ratings.json").read_text())
    for seed in (0, 1):
        folder = data / "out" / f"seed_{seed}" / "teacher"
        rows = read_out_of_fold(folder / "out_of_fold.csv")
        assert {row.image: row.true for row in rows} == ratings
        held_out = json.loads((folder / "fold_2" / "result.json").read_text())["held_out"]
        assert [row.image for row in rows if row.fold == 2] == held_out
        network = read_network(folder / "fold_2" / "best.safetensors")
        image = SOFT_TISSUE.apply(np.load(data / held_out[0]))
        expected = network(torch.from_numpy(image[None, None].astype(np.float32))).item()
        assert next(r.pred for r in rows if r.fold == 2) == pytest.approx(expected, abs=1e-3)
    with (data / "out" / "cross_validation.csv").open() as file:
        table = [(row["seed"], row["fold"]) for row in csv.DictReader(file)]
    folds = ("1", "2", "mean", "sd", "pooled")
    expected_rows = [(seed, fold) for seed in "01" for fold in folds]
    assert table == [*expected_rows, ("mean", "pooled"), ("sd", "pooled")]


def test_wrong_use_is_one_line(data: Path) -> None:
    (data / "empty.json").write_text("{}")
    for arguments, words in (
        (["train-teacher", "smoke", "--out", data / "run"], "give --data FOLDER"),
        (["train-teacher", "smok", "--out", data / "run"], "no such recipe"),
        (["train-student", data], "holds no run"),
        (["export", data, data / "model"], "holds no run"),
        (["evaluate", data, "--data", data, "--ratings", data / "empty.json"], "no ratings"),
    ):
        status, output = run(*arguments)
        assert status == 2
        assert words in output
        assert output.count("\n") == 1

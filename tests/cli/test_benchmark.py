"""The command: it trains, goes on, and reports; wrong names are one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import run

from distiliqa.errors import DivergedError
from distiliqa.folder_lock import only_one
from distiliqa.lab.benchmark.trained_methods import Trainer


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows, ratings = ["path,case"], {}
    for case in range(6):
        for noise in (10, 40, 80):
            name = f"p{case}_{noise}.npy"
            np.save(tmp_path / name, 40 + noise * rng.standard_normal((96, 96)))
            ratings[name] = 4 - noise / 25
            rows.append(f"{name},p{case}")
    (tmp_path / "ratings.json").write_text(json.dumps(ratings))
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    (tmp_path / "benchmark.yaml").write_text(
        "data: {folder: ., ratings: ratings.json, scale: [0, 4], image_size: 64}\n"
        "folds: {count: 2, inner: 2}\nresamples: 99\n"
        "training: {epochs: 1, batch_size: 4, optimizer: adamw}\n"
        "hardware: {accelerator: cpu}\ncompare_with: ours\n"
        "methods:\n- {name: ours, network: compact}\n- {name: noise, measure: noise_level}\n"
    )
    return tmp_path / "benchmark.yaml"


def test_from_a_recipe_to_a_table(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, output = run("benchmark", recipe, "--out", out, "--only", "noise")
    assert status == 0, output
    assert "not finished yet: ours" in (out / "table.md").read_text()
    status, output = run("benchmark", recipe, "--out", out)
    assert status == 0, output
    assert "ours: fold 2, seed 0 done" in output
    with (out / "table.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["ours", "noise"]
    assert float(rows["noise"]["signed_srocc"]) > 0.9
    before = (out / "table.csv").read_bytes()
    status, output = run("benchmark", recipe, "--out", out, "--report")
    assert status == 0, output
    assert (out / "table.csv").read_bytes() == before
    status, output = run("benchmark", recipe, "--out", out, "--estimate")
    assert "hours of training" in output


def test_a_method_that_diverges_does_not_stop_the_others(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverge(self: Trainer, method: object, seed: int) -> None:
        raise DivergedError("the loss is nan in epoch 0", remedy="lower learning_rate")

    monkeypatch.setattr(Trainer, "run", diverge)
    status, output = run("benchmark", recipe, "--out", tmp_path / "out")
    assert status == 1
    assert "failed: ours: the loss is nan in epoch 0; lower learning_rate\n" in output
    table = (tmp_path / "out" / "table.md").read_text()
    assert "| noise |" in table
    assert "not finished yet: ours" in table


def test_two_runs_do_not_share_a_folder(recipe: Path, tmp_path: Path) -> None:
    with only_one(tmp_path / "out", "benchmark"):
        status, output = run("benchmark", recipe, "--out", tmp_path / "out")
    assert status == 2
    assert "another benchmark writes here; stop it, or choose another folder" in output


def test_wrong_names_are_one_line(recipe: Path, tmp_path: Path) -> None:
    status, output = run("benchmark", recipe, "--out", tmp_path / "out", "--only", "theirs")
    assert status == 2
    assert "no method 'theirs'; choose ours, noise" in output
    status, output = run("benchmark", tmp_path / "no.yaml", "--out", tmp_path / "out")
    assert status == 2
    assert output.count("\n") == 1

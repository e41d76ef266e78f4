"""``distiliqa fine-tune``, as a user runs it: from ratings to a model that scores."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.lab.fine_tune.conftest import rated, small_model
from tests.support.command_line import run, run_apart

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.lab.network.onnx_export import load_network
from distiliqa.models.folder import read_config

__all__ = ["rated", "small_model"]
READERS = ["--readers", "A", "--readers", "B", "--scale", "1,5"]


def begin(model: Path, rated: Path, out: Path) -> list[object]:
    return ["fine-tune", model, "--ratings", rated / "ratings.csv", "--data", rated, "--out", out]


def test_from_ratings_to_scores(small_model: Path, rated: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    status, output, errors = run_apart(*begin(small_model, rated, out), *READERS)
    assert status == 0, errors
    assert "52 images, each by a network without its patient" in output
    assert "fine-tuned - before" in output
    facts = json.loads((out / "fine_tuning.json").read_text())
    assert facts["held_out"]["fine-tuned"]["signed_srocc"] > 0.8
    assert facts["fine_tuned_minus_before"]["mae"]["interval"][1] < 0
    assert (facts["images"], facts["patients"], facts["settings"]["layers"]) == (52, 13, "head")
    with (out / "out_of_fold.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {int(row["fold"]) for row in rows} == {1, 2, 3, 4, 5}

    config = read_config(out / "model")
    assert (config.name, config.outputs, config.domain is None) == ("tuned", 1, False)
    assert config.version.startswith("1.0+tuned.")
    assert "p0" not in (out / "model" / "config.json").read_text()
    assert config.interval_calibration is not None
    name = rated / "p3_30.npy"
    status, output = run("score", name, "--model", out / "model", "--out", tmp_path / "scored")
    assert status == 0, output
    (row,) = csv.DictReader((tmp_path / "scored" / "scores.csv").open(encoding="utf-8"))
    image = SOFT_TISSUE.apply(np.load(name))[None, None].astype(np.float32)
    expected = load_network(out / "model")(torch.from_numpy(image)).item()
    assert float(row["score"]) == pytest.approx(expected, abs=1e-3)
    status, output = run(*begin(small_model, rated, out), *READERS)
    assert (status, "holds a fine-tuning; add --resume" in output) == (2, True)
    assert run(*begin(small_model, rated, out), *READERS, "--resume")[0] == 0
    assert json.loads((out / "fine_tuning.json").read_text())["held_out"] == facts["held_out"]
    status, output = run(
        "evaluate", "--predictions", out / "out_of_fold.csv", "--data", rated,
        "--ratings", rated / "ratings.csv", *READERS, "--out", tmp_path / "evaluation",
    )  # fmt: skip
    assert status == 0, output
    assert "ceiling by the noise of 2 readers" in output


def test_attributes_train_a_head_each(small_model: Path, rated: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    attributes = ["--attribute", "noise=5,60,15", "--attribute", "A=1,5"]
    status, _, errors = run_apart(*begin(small_model, rated, out), *attributes)
    assert status == 0, errors
    facts = json.loads((out / "fine_tuning.json").read_text())
    assert facts["held_out_attributes"]["noise"]["signed_srocc"] > 0.8
    config = read_config(out / "model")
    assert [(one.name, one.best) for one in config.attributes] == [("noise", 15), ("A", 5)]
    scored = tmp_path / "scored"
    assert run("score", rated / "p3_60.npy", "--model", out / "model", "--out", scored)[0] == 0
    found = json.loads((scored / "scores.json").read_text())["series"][0]["slices"][0]
    assert found["attributes"]["noise"] == pytest.approx(60, abs=20)
    assert found["score"] == pytest.approx(np.mean(found["outputs"]), abs=1e-5)
    with (scored / "scores.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert list(row)[-2:] == ["attribute_noise", "attribute_A"]


def test_wrong_use_is_one_line(small_model: Path, rated: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    few = tmp_path / "few.csv"
    few.write_text("\n".join((rated / "ratings.csv").read_text().splitlines()[:41]))
    for arguments, says in (
        (["--scale", "1,5", "--readers", "C"], "has no column 'C'"),
        (["--readers", "A"], "leave the scale of the model, 0 to 4; give --scale"),
        ([*READERS, "--layers", "all"], "52 rated images of 13 patients are too few to fine-tune"),
        ([*READERS, "--ratings", few], "40 rated images of 10 patients are too few"),
        (["--attribute", "noise=5,50"], "noise of 'p0_60.npy' is 60, outside the scale 5 to 50"),
    ):
        status, output = run(*begin(small_model, rated, out), *arguments)
        assert status == 2
        assert says in output
        assert output.count("\n") == 1
        assert not out.exists()
    for arguments, says in (
        (["--attribute", "noise"], "give COLUMN=LOW,HIGH or COLUMN=LOW,HIGH,BEST"),
        (["--attribute", "noise=5,60,70"], "give COLUMN=LOW,HIGH"),
        (["--attribute", "noise=5,60", "--scale", "1,5"], "has its own columns and scales"),
        ([*READERS, "--layer-decay", "0"], "--layer-decay above 0 up to 1"),
    ):
        status, output = run(*begin(small_model, rated, out), *arguments)
        assert status == 2
        assert says in " ".join(output.replace("│", " ").split())

"""The command: a table, four files, and one-line errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.support.command_line import invoke

import distiliqa
from distiliqa.ct.window import SOFT_TISSUE


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 21, 12) / 5
    for i, score in enumerate(scores):
        np.save(tmp_path / f"{i}.npy", np.full((32, 32), -135 + 80 * score, np.float32))
    ratings = {f"{i}.npy": score for i, score in enumerate(scores.tolist())}
    (tmp_path / "ratings.json").write_text(json.dumps(ratings))
    rows = [f"{name},{score + rng.normal(0, 0.3)}" for name, score in ratings.items()]
    (tmp_path / "predictions.csv").write_text("\n".join(["image,pred", *rows]))
    return tmp_path


def run(data: Path, *options: str) -> tuple[int, str, str]:
    result = invoke("evaluate", "--data", data, "--ratings", data / "ratings.json", *options)
    return result.exit_code, result.stdout, result.stderr


def test_predictions_of_a_table(data: Path) -> None:
    out = data / "out"
    options = ("--predictions", str(data / "predictions.csv"), "--out", str(out), "--seed", "3")
    code, stdout, stderr = run(data, *options)
    assert code == 0, stderr
    assert "srocc" in stdout
    assert "label grid 0.2; intervals from 12 groups by image" in stdout
    assert {path.name for path in out.iterdir()} == {
        "accumulate_metrics.csv",
        "eval_info.csv",
        "evaluation.json",
        "scatter.png",
    }
    summary = json.loads((out / "evaluation.json").read_text())
    assert summary["settings"]["seed"] == 3
    assert len(summary["inputs"][str(data / "predictions.csv")]) == 64
    again = data / "again"
    table = ("--predictions", str(out / "eval_info.csv"), "--out", str(again), "--grid", "1/6")
    assert run(data, *table)[0] == 0
    repeated = json.loads((again / "evaluation.json").read_text())
    assert repeated["metrics"] == summary["metrics"]
    assert repeated["label_grid"] == pytest.approx(1 / 6)


def test_predictions_of_a_model(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = SimpleNamespace(
        window=SOFT_TISSUE,
        image_size=32,
        predict=lambda images: images.mean((2, 3)) * 350 / 80,
    )
    monkeypatch.setattr("distiliqa.lab.evaluate.predictor.load_predictor", lambda path: predictor)
    code, _, stderr = run(data, str(data / "model"), "--out", str(data / "out"))
    assert code == 0, stderr
    summary = json.loads((data / "out" / "evaluation.json").read_text())
    assert summary["metrics"]["plcc"] == pytest.approx(1)
    assert summary["metrics"]["mae"] < 1e-3
    assert not list((data / "out").glob(".distiliqa-*"))


@pytest.mark.parametrize(("group", "groups"), [("case", 3), ("source", 6), ("image", 12)])
def test_the_unit_that_the_bootstrap_draws(data: Path, group: str, groups: int) -> None:
    rows = [f"{n}.npy,p{n // 4},{n - n % 2}.npy" for n in range(12)]
    (data / "manifest.csv").write_text("\n".join(["path,case,source", *rows]))
    options = ("--predictions", str(data / "predictions.csv"), "--out", str(data / "out"))
    code, stdout, stderr = run(data, *options, "--group", group)
    assert code == 0, stderr
    assert f"intervals from {groups} groups by {group}" in " ".join(stdout.split())


def test_against_another_table_and_after_a_fit(data: Path) -> None:
    rows = (data / "predictions.csv").read_text().splitlines()
    other = [f"{name},{25 * float(score)}" for name, score in (row.split(",") for row in rows[1:])]
    (data / "other.csv").write_text("\n".join(["image,pred", *other]))
    out = data / "out"
    options = ("--predictions", str(data / "other.csv"), "--against", str(data / "predictions.csv"))
    code, stdout, stderr = run(data, *options, "--logistic", "--out", str(out))
    assert code == 0, stderr
    assert "after a logistic fit: plcc" in stdout
    assert "seem to be on different scales" in stderr
    summary = json.loads((out / "evaluation.json").read_text())
    assert summary["difference"]["srocc"]["value"] == 0
    assert summary["difference"]["mae"]["value"] > 10
    assert summary["logistic_fit"]["rmse"] < 1
    assert summary["metrics"]["signed_srocc"] == summary["metrics"]["srocc"]
    assert str(data / "predictions.csv") in summary["inputs"]


def test_a_shipped_model_by_its_name(tmp_path: Path) -> None:
    phantom = Path(distiliqa.__file__).parent / "examples" / "body_phantom"
    scores = {"dose_010/slice_1.dcm": 1.0, "dose_100/slice_1.dcm": 3.9}
    (tmp_path / "ratings.json").write_text(json.dumps(scores))
    out, scored = tmp_path / "out", tmp_path / "scored"
    result = invoke(
        "evaluate", "compact", "--data", phantom, "--ratings", tmp_path / "ratings.json",
        "--out", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    summary = json.loads((out / "evaluation.json").read_text())
    assert summary["interval_coverage"]["stated"] == pytest.approx(0.9)
    assert sum(side["n"] for side in summary["domain"].values()) == 2
    assert any(path.endswith("model.onnx") for path in summary["inputs"])
    assert invoke("score", phantom, "--model", "compact", "--out", scored).exit_code == 0
    with (out / "eval_info.csv").open() as one, (scored / "scores.csv").open() as other:
        found = [float(row["pred"]) for row in csv.DictReader(one)]
        known = {"/".join(row["path"].split("/")[-2:]): row for row in csv.DictReader(other)}
    expected = [float(known[name]["score"]) for name in scores]
    assert found == pytest.approx(expected, abs=1e-4)


def test_an_image_that_cannot_be_read_costs_itself(
    data: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(data / "3.npy", np.full((32, 32), np.nan, np.float32))
    out = data / "out"
    code, _, stderr = run(data, str(tiny_model), "--out", str(out))
    assert (code, "failed: " in stderr, "3.npy: holds nan or infinite" in stderr) == (1, True, True)
    assert json.loads((out / "evaluation.json").read_text())["metrics"]["n"] == 11
    options = ("--predictions", str(data / "predictions.csv"), "--against", str(tiny_model))
    assert run(data, *options, "--out", str(out))[0] == 1
    found = json.loads((out / "evaluation.json").read_text())
    assert (found["metrics"]["n"], found["difference"]["mae"]["value"] < 0) == (11, True)
    monkeypatch.setattr("distiliqa.lab.evaluate.predictor.predictions_of", pytest.fail)
    code, _, stderr = run(data, str(tiny_model), "--against", "none.csv", "--out", str(out))
    assert (code, stderr) == (2, "error: none.csv: no such file; check the path\n")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "give either MODEL_OR_RUN or --predictions"),
        (("model", "--predictions", "p.csv"), "give either MODEL_OR_RUN or --predictions"),
        (("--predictions", "missing.csv"), "missing.csv: no such file"),
        (("--predictions", "p.csv", "--grid", "fine"), "give auto, none or a step"),
        (("--predictions", "p.csv", "--grid", "0"), "give auto, none or a step"),
        (("--predictions", "p.csv", "--group", "scanner"), "scanner"),
    ],
)
def test_wrong_usage_exits_2(data: Path, options: tuple[str, ...], says: str) -> None:
    code, _, stderr = run(data, *options, "--out", str(data / "out"))
    assert code == 2
    assert says in " ".join(stderr.split())


def test_readers_of_a_table_set_a_ceiling(data: Path) -> None:
    rng = np.random.default_rng(2)
    truth = json.loads((data / "ratings.json").read_text())
    rows = [
        ",".join([name, *(f"{score + rng.normal(0, 0.5):.2f}" for _ in range(3))])
        for name, score in truth.items()
    ]
    table = data / "readers.csv"
    table.write_text("\n".join(["image,A,B,C", *rows]), encoding="utf-8-sig")
    predictions = ["--predictions", data / "predictions.csv", "--out", data / "out"]
    result = invoke("evaluate", "--data", data, "--ratings", table, *predictions)
    assert result.exit_code == 0, result.output
    assert "ceiling by the noise of 3 readers" in result.stdout
    found = json.loads((data / "out" / "evaluation.json").read_text())["readers"]
    assert (found["images"], found["readers"]) == (12, ["A", "B", "C"])
    assert found["max_plcc"] > 0.9
    assert found["model_against_the_same"]["mae"] < 0.8
    chosen = invoke("evaluate", "--data", data, "--ratings", table, *predictions, "--readers", "B")
    assert chosen.exit_code == 0
    assert "ceiling" not in chosen.stdout
    assert json.loads((data / "out" / "evaluation.json").read_text())["readers"] is None

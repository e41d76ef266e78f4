"""``distiliqa calibrate``, as a user runs it: from ratings to scores on the readers' scale."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.calibrate.conftest import site
from tests.support.command_line import run, run_apart

from distiliqa.files import sha256
from distiliqa.models.folder import read_config

__all__ = ["site"]


def options(site: Path, out: Path, *more: object) -> list[object]:
    return ["--ratings", site / "ratings.csv", "--out", out, "--scale", "0,5.5", *more]


def test_from_ratings_to_scores(site: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "ours"
    status, output, errors = run_apart("calibrate", tiny_model, *options(site, out))
    assert status == 0, errors
    assert "48 ratings of 12 patients, 0 to 5.5" in output
    assert "median alone" in output
    config = read_config(out)
    assert config.name == "ours"
    assert config.version.startswith("1.0+map.")
    facts = json.loads((out / "calibration.json").read_text())
    assert facts["ratings_sha256"] == sha256(site / "ratings.csv")
    assert facts["images_sha256"] == sorted(sha256(path) for path in site.glob("*.npy"))
    assert facts["settings"]["model"] == "tiny 1.0"
    for name in ("config.json", "calibration.json", "README.md"):  # which may go to others
        assert "p0" not in (out / name).read_text("utf-8")
    assert "Calibrated: score of 0 to 4 mapped to the ratings of 2 readers" in (
        out / "README.md"
    ).read_text("utf-8")

    scored = tmp_path / "scored"
    status, output = run("score", site / "p3_15.npy", "--model", out, "--out", scored)
    assert status == 0, output
    with (scored / "scores.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    rating = 5 - 3.5 * 15 / 60
    assert float(row["score"]) == pytest.approx(rating, abs=0.4)
    assert float(row["interval_low"]) < rating < float(row["interval_high"])
    found = json.loads((scored / "scores.json").read_text())
    assert found["model"]["score_map"]["cases"] == 12
    assert 0 < found["series"][0]["slices"][0]["unmapped_score"] < 4
    assert "mapped to the ratings of 2 readers" in (scored / "report.html").read_text("utf-8")
    status, output = run("info", out)
    assert "mapped to the ratings of 2 readers" in " ".join(output.split())


def test_ratings_whose_lowest_is_the_best(site: Path, tiny_model: Path, tmp_path: Path) -> None:
    table = csv.DictReader((site / "ratings.csv").read_text("utf-8-sig").splitlines())
    rows = [f"{r['image']},{r['case']},{6 - float(r['A'])},{6 - float(r['B'])}" for r in table]
    (tmp_path / "low.csv").write_text("\n".join(["image,case,A,B", *rows]))
    out, given = tmp_path / "out", ["--data", site, "--ratings", tmp_path / "low.csv"]
    given += ["--scale", "0.5,6", "--out", out]
    status, output = run("calibrate", tiny_model, *given)
    assert (status, (out / "config.json").exists()) == (2, False), output
    named = ["--name", "ward 7", "--meaning", "disturbance by noise"]
    status, output = run("calibrate", tiny_model, *given, "--lower-is-better", *named)
    assert status == 0, output
    config = read_config(out)
    assert (config.name, config.scale.meaning) == ("ward 7", "disturbance by noise")
    assert config.scale.higher_is_better is False
    card = (out / "README.md").read_text("utf-8")
    assert "- Score: disturbance by noise, 0.5 to 6, lower is better." in card
    scores = []
    for noise in (5, 60):
        status, output = run("score", site / f"p3_{noise}.npy", "--model", out, "--json")
        assert status == 0, output
        scores.append(json.loads(output)["series"][0]["score"])
    assert scores[0] < scores[1]


def test_readers_on_other_scales_are_brought_to_that_of_the_first(
    site: Path, tiny_model: Path, tmp_path: Path
) -> None:
    table = csv.DictReader((site / "ratings.csv").read_text("utf-8-sig").splitlines())
    rows = [f"{row['image']},{row['case']},{row['A']},{20 * float(row['B'])}" for row in table]
    (tmp_path / "other.csv").write_text("\n".join(["image,case,A,B", *rows]))
    arguments = ["--data", site, "--ratings", tmp_path / "other.csv", "--out", tmp_path / "ours"]
    status, output = run("calibrate", tiny_model, *arguments, "--standardize")
    assert (status, "give --scale LOW,HIGH" in output) == (2, True)
    status, output = run("calibrate", tiny_model, *arguments, "--standardize", "--scale", "0,5.5")
    assert status == 0, output
    assert (tmp_path / "ours" / "config.json").is_file()
    assert "all readers are on the scale of A" in output


def test_a_file_that_cannot_be_read_costs_itself(
    site: Path, tiny_model: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for path in site.iterdir():
        (data / path.name).symlink_to(path)
    bad = np.load(site / "p0_5.npy")
    bad[100, 100] = np.nan
    (data / "p0_5.npy").unlink()
    np.save(data / "p0_5.npy", bad)
    status, output, errors = run_apart("calibrate", tiny_model, *options(data, tmp_path / "out"))
    assert status == 1
    assert "failed:" in errors
    assert "holds nan or infinite values" in errors
    assert "1 ratings of unreadable or empty images are left out" in output
    assert read_config(tmp_path / "out").score_map.images == 47  # type: ignore[union-attr]


def test_wrong_use_is_one_line_and_writes_nothing(
    site: Path, tiny_model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ratings = ["--ratings", site / "ratings.csv", "--out", out]
    for arguments, says in (
        ([tiny_model, *ratings], "leave the scale of the model, 0 to 4; give --scale LOW,HIGH"),
        ([tiny_model, *ratings, "--scale", "2,5.5"], "outside the scale 2 to 5.5"),
        ([tiny_model, *ratings, "--scale", "0,5.5", "--readers", "C"], "has no column 'C'"),
        ([tiny_model, *options(site, tiny_model)], "is the folder of the model itself"),
        ([tmp_path / "none", *options(site, out)], "no model or model folder"),
        ([tiny_model, *options(site, out, "--data", tiny_model)], "no CT slice"),
    ):
        status, output = run("calibrate", *arguments)
        assert status == 2
        assert says in output
        assert output.count("\n") == 1
        assert not (out / "config.json").exists()
    assert run("calibrate", tiny_model, *options(site, out))[0] == 0
    status, output = run("calibrate", out, *options(site, tmp_path / "again"))
    assert status == 2
    assert "has a map already; give the model that it was made from" in output

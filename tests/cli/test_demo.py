"""The example series, and the whole pipeline on it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.support.command_line import run

from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.models.folder import read_config


def mean_scores(table: Path) -> dict[str, float]:
    """Mean score of each dose folder of the example."""
    scores: dict[str, list[float]] = {}
    with table.open() as file:
        for row in csv.DictReader(file):
            scores.setdefault(Path(row["path"]).parent.name, []).append(float(row["score"]))
    return {dose: sum(values) / len(values) for dose, values in scores.items()}


def test_example_series_is_small_and_has_three_doses() -> None:
    files = sorted(EXAMPLE_SERIES.rglob("*.dcm"))
    assert {file.parent.name for file in files} == {"dose_100", "dose_025", "dose_010"}
    assert sum(file.stat().st_size for file in files) < 4_000_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of the demo and its screen."""
    folder = tmp_path_factory.mktemp("demo")
    status, screen = run("demo", "--out", folder)
    assert status == 0, screen
    return folder, screen


def test_the_shipped_model_ranks_the_doses_of_the_example(demo: tuple[Path, str]) -> None:
    folder, screen = demo
    means = mean_scores(folder / "scores.csv")
    assert means["dose_100"] > means["dose_025"] > means["dose_010"]
    assert f"The report, for a browser: {folder / 'report.html'}\n" in screen
    assert "dose_010" in (folder / "report.html").read_text()


def test_the_screen_has_a_line_of_measures_for_each_dose(demo: tuple[Path, str]) -> None:
    _, screen = demo
    _, _, block = screen.partition("\n  Measures ")
    lines = [line.split() for line in block.splitlines() if line.startswith("  dose_")]
    assert [line[0] for line in lines] == ["dose_010", "dose_025", "dose_100"]
    score, noise, sharpness, detectability, size, dose = (
        list(map(float, column)) for column in list(zip(*lines, strict=True))[1:]
    )
    assert score == sorted(score)
    assert noise == sorted(noise, reverse=True)
    assert detectability == sorted(detectability)
    assert max(sharpness) - min(sharpness) < 0.05 * min(sharpness)
    assert len(set(size)) == 1
    assert dose == [1.35, 3.38, 13.5]
    assert "no SSDE for 3 of 3 series: a phantom (3)" in block


def test_the_demo_explains_the_warnings_that_it_shows(demo: tuple[Path, str]) -> None:
    folder, screen = demo
    with (folder / "scores.csv").open() as file:
        (warning,) = {row["warnings"] for row in csv.DictReader(file)}
    assert warning.startswith("the header says phantom, ")
    assert "\n  The example is a computed trunk, no patient: its header says phantom" in screen
    assert screen.endswith("Your own scans: distiliqa score FOLDER --out RESULTS\n")


@pytest.mark.slow
def test_the_whole_pipeline_runs_at_toy_size(tmp_path: Path) -> None:
    status, screen = run("demo", "--train", "--out", tmp_path)
    assert status == 0, screen
    assert read_config(tmp_path / "model").training["images"] == 12
    assert len(mean_scores(tmp_path / "scores" / "scores.csv")) == 3
    assert (tmp_path / "evaluation" / "scatter.png").is_file()

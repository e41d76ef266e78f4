"""The example series, and the whole pipeline on it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from distiliqa.cli import app
from distiliqa.cli.demo import EXAMPLE_SERIES
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


def test_the_shipped_model_ranks_the_doses_of_the_example(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    means = mean_scores(tmp_path / "scores.csv")
    assert means["dose_100"] > means["dose_025"] > means["dose_010"]
    assert result.output.endswith(f"the report: {tmp_path / 'report.html'}\n")
    assert "dose_010" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_the_whole_pipeline_runs_at_toy_size(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["demo", "--train", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert read_config(tmp_path / "model").training["images"] == 12
    assert len(mean_scores(tmp_path / "scores" / "scores.csv")) == 3
    assert (tmp_path / "evaluation" / "scatter.png").is_file()

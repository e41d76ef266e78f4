"""The files of an evaluation.

The scatter plot has a color a case where that can be told apart.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.evaluation import evaluate
from distiliqa.lab.evaluate.evaluation_files import write_evaluation, write_scatter


def test_published_tables(images: list[RatedImage], predicted: np.ndarray, tmp_path: Path) -> None:
    evaluation = evaluate(predicted, images, resamples=20)
    write_evaluation(evaluation, tmp_path)
    header, row = csv.reader((tmp_path / "accumulate_metrics.csv").open())
    assert header == ["", "overall ", "plcc", "srocc", "krocc", "mae", "mse", "overall"]
    metrics = list(evaluation.metrics.as_dict().values())
    assert [float(value) for value in row] == [0, *metrics, metrics[0]]
    header, *rows = csv.reader((tmp_path / "eval_info.csv").open())
    assert header == ["", "patient", "true", "pred", "image"]
    assert [row[0] for row in rows] == [str(number) for number in range(len(images))]
    assert [row[1] for row in rows] == [str(image.path) for image in images]
    np.testing.assert_array_equal([float(row[2]) for row in rows], [i.score for i in images])
    np.testing.assert_array_equal([float(row[3]) for row in rows], predicted)
    assert [row[4] for row in rows] == [image.name for image in images]


def test_summary(images: list[RatedImage], predicted: np.ndarray, tmp_path: Path) -> None:
    evaluation = evaluate(predicted, images, resamples=20)
    write_evaluation(evaluation, tmp_path, provenance={"inputs": {"a": "b"}})
    summary = json.loads((tmp_path / "evaluation.json").read_text())
    assert summary["metrics"]["srocc"] == evaluation.metrics.srocc
    assert summary["bootstrap"]["intervals"]["plcc"] == list(evaluation.intervals.bounds["plcc"])  # type: ignore[arg-type]
    assert summary["bootstrap"]["drawn"] == "case"
    assert summary["rounded_to_grid"]["n"] == 40
    assert [quarter["low"] for quarter in summary["label_quarters"]] == [0, 1, 2, 3]
    assert set(summary["cases"]) == {"C0", "C1", "C2", "C3"}
    assert summary["inputs"] == {"a": "b"}


@pytest.mark.parametrize("constant", ["predictions", "labels"])
def test_constant_sides_give_no_nan_in_any_file(
    images: list[RatedImage], predicted: np.ndarray, constant: str, tmp_path: Path
) -> None:
    if constant == "predictions":
        predicted = np.full(len(images), 0.1)
    else:
        images = [replace(image, score=1.0) for image in images]
    write_evaluation(evaluate(predicted, images, resamples=20), tmp_path)
    for name in ("accumulate_metrics.csv", "eval_info.csv", "evaluation.json"):
        assert "nan" not in (tmp_path / name).read_text().lower()
    summary = json.loads((tmp_path / "evaluation.json").read_text())
    assert summary["metrics"]["plcc"] == 0
    assert "undefined" in summary["notes"][0]


def test_scatter_is_a_picture(
    images: list[RatedImage], predicted: np.ndarray, tmp_path: Path
) -> None:
    write_evaluation(evaluate(predicted, images, resamples=20), tmp_path)
    assert (tmp_path / "scatter.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accumulate_metrics.csv",
        "eval_info.csv",
        "evaluation.json",
        "scatter.png",
    ]


@pytest.mark.parametrize(("cases", "colored"), [(1, 1), (4, 4), (20, 1)])
def test_colors(
    images: list[RatedImage], predicted: np.ndarray, cases: int, colored: int, tmp_path: Path
) -> None:
    images = [replace(image, case=f"C{i % cases}") for i, image in enumerate(images)]
    write_scatter(evaluate(predicted, images, resamples=5), tmp_path / "scatter.png")
    picture = imread(tmp_path / "scatter.png")[..., :3]
    saturated = picture[np.ptp(picture, axis=-1) > 0.3]
    hues = {tuple(np.argsort(pixel)) for pixel in np.round(saturated, 1)}
    assert (len(hues) > 1) == (colored > 1)


def test_one_image_and_one_value(tmp_path: Path) -> None:
    image = RatedImage("a", Path("a"), 1.0)
    write_scatter(evaluate([1.0], [image], resamples=5), tmp_path / "scatter.png")
    assert (tmp_path / "scatter.png").stat().st_size > 1000

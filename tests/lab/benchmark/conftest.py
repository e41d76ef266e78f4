"""A small rated data set with doses and references, and recipes of a benchmark on it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from distiliqa.files import write_json
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, load_benchmark

CASES = 6
DOSES = {1.0: 5, 0.5: 30, 0.25: 90}  # noise, HU


@pytest.fixture(scope="session")
def rated_doses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Discs of soft tissue off the middle, each at three doses; the score falls with the noise."""
    folder = tmp_path_factory.mktemp("doses")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-128:128, -128:128]
    ratings, rows = {}, []
    for case in range(CASES):
        disc = np.where((y - 40) ** 2 + (x + 30 + case) ** 2 < 70**2, 40.0, -1000.0)
        full = f"p{case}_1.npy"
        for dose, noise in DOSES.items():
            name = f"p{case}_{dose:g}.npy"
            np.save(folder / name, (disc + noise * rng.standard_normal(disc.shape)).astype("f4"))
            ratings[name] = 4 - noise / 30
            rows.append((name, f"p{case}", "1", dose, ratings[name], full))
    write_json(folder / "train.json", ratings)
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "case", "slice", "dose", "score", "source"), *rows])
    return folder


@pytest.fixture
def benchmark_recipe(rated_doses: Path, tmp_path: Path) -> Callable[..., BenchmarkRecipe]:
    """Recipe with some methods: ``benchmark_recipe([{...}], seeds=[0, 1])``."""

    def make(methods: list[dict[str, Any]], **changes: Any) -> BenchmarkRecipe:
        content = {
            "data": {
                "folder": str(rated_doses),
                "ratings": str(rated_doses / "train.json"),
                "scale": [0, 4],
                "image_size": 96,
                "by": ["dose"],
            },
            "folds": {"count": 2, "inner": 2},
            "training": {"epochs": 1, "batch_size": 3, "optimizer": "adamw"},
            "tuning": {"learning_rates": [1.0e-3]},
            "resamples": 99,
            "hardware": {"accelerator": "cpu"},
            "methods": methods,
            "compare_with": methods[0]["name"],
        }
        path = tmp_path / "benchmark.yaml"
        path.write_text(yaml.safe_dump(content | changes))
        return load_benchmark(path)

    return make

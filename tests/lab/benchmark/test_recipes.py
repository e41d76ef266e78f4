"""The recipes of the repository, each on made data of its layout, for a few steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from distiliqa.lab.benchmark.backbones import architecture
from distiliqa.lab.benchmark.benchmark_recipe import load_benchmark, networks
from distiliqa.lab.benchmark.benchmark_run import open_benchmark
from distiliqa.lab.benchmark.benchmark_table import make_table

RECIPES = sorted((Path(__file__).parents[3] / "training" / "benchmark").glob("*.yaml"))
SMALL = {
    "data.image_size": 96,
    "folds": {"count": 2, "inner": 2},
    "seeds": [0],
    "training": {"epochs": 1, "batch_size": 4, "optimizer": "adamw"},
    "tuning": {"learning_rates": [1.0e-3, 1.0e-2], "epochs": 1},
    "resamples": 99,
    "hardware": {"accelerator": "cpu"},
}


def test_together_they_have_all_networks() -> None:
    recipes = [load_benchmark(path) for path in RECIPES]
    assert len(recipes) == 7
    found = {method.network for recipe in recipes for method in recipe.methods}
    assert found >= set(networks()) - {"vit_small", "monai_vit_tiny"}
    stems = [
        {method.network for method in recipe.methods if method.stem == "published"}
        for recipe in recipes
    ]
    assert max(map(len, stems)) == 11
    for recipe in recipes:
        methods = [method for method in recipe.methods if method.network]
        slugs = {architecture(method, recipe.data.image_size).slug for method in methods}
        assert len(slugs) >= 3


def texture(rng: np.random.Generator, noise: float, case: int) -> np.ndarray:
    """Blocks of air, tissue and bone, which differ from case to case, with noise."""
    blocks = np.random.default_rng(case).choice([-1000.0, 40.0, 300.0], (8, 8))
    body = np.kron(blocks, np.ones((16, 16)))
    return body + noise * rng.standard_normal(body.shape)


@pytest.fixture
def tcia(tmp_path: Path, write_ct: Callable[..., Path]) -> dict[str, Any]:
    rng, root = np.random.default_rng(0), tmp_path / "tree"
    for case in range(4):
        for dose, noise in (("Full", 8.0), ("Low", 60.0)):
            folder = root / f"C{case + 1:03d}" / "study" / f"1.000000-{dose} Dose Images-1"
            folder.mkdir(parents=True)
            write_ct(folder / "1-001.dcm", texture(rng, noise, case))
    return {"data.tcia": str(root)}


@pytest.fixture
def zenodo(tmp_path: Path) -> dict[str, Any]:
    rng, ratings = np.random.default_rng(0), {}
    (tmp_path / "image").mkdir()
    for case in range(4):
        for n, noise in enumerate((5, 40, 90)):
            hu = texture(rng, noise, case)
            stored = np.clip((hu + 1000) / 1400, 0, 1).astype(np.float32)
            name = f"{3 * case + n:04d}.tif"
            tifffile.imwrite(tmp_path / "image" / name, stored)
            ratings[name] = 4.0 - n
    (tmp_path / "train.json").write_text(json.dumps(ratings))
    return {"data.folder": str(tmp_path), "data.ratings": str(tmp_path / "train.json")}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("tcia_chest", "tcia"),
        ("chest", "tcia"),
        ("ldctiqac2023", "zenodo"),
        ("ldctiqac2023_entry", "zenodo"),
    ],
)
def test_layouts_of_recipes(
    name: str, layout: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    (path,) = (path for path in RECIPES if path.stem == name)
    recipe = load_benchmark(path, SMALL | request.getfixturevalue(layout))
    run = open_benchmark(recipe, tmp_path / "out")
    light = [m for m in recipe.methods if m.network in ("compact", None)]
    run.train(light)
    table = make_table(run)
    assert [row.result.method for row in table.rows] == light
    assert run.rated.labels.max() <= 1 or recipe.data.divide_by == 1
    if layout == "tcia":  # doses are mixed, and the full one is its own reference
        assert {group.value for group in table.groups} == {"0.1", "0.5", "0.75", "1.0"}
        of_ssim = next(r for r in table.rows if r.result.method.reference == "ssim")
        assert (of_ssim.figures["signed_srocc"] or 0) > 0.9

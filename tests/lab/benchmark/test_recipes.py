"""The recipes of the repository, each on made data of its layout, for a few steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import tifffile

from distiliqa.lab.benchmark.backbones import architecture
from distiliqa.lab.benchmark.benchmark_recipe import OfTransformers, load_benchmark, networks
from distiliqa.lab.benchmark.benchmark_run import BenchmarkRun, open_benchmark
from distiliqa.lab.benchmark.benchmark_table import make_table
from distiliqa.lab.benchmark.trained_methods import Trainer

RECIPES = sorted((Path(__file__).parents[3] / "training" / "benchmark").glob("*.yaml"))
SMALL = {
    "data.image_size": 96,
    "folds": {"count": 2, "inner": 2},
    "seeds": [0],
    "training": {"epochs": 1, "batch_size": 4, "optimizer": "adamw"},
    "tuning": {"learning_rates": [1.0e-3], "epochs": 1},
    "resamples": 99,
    "hardware": {"accelerator": "cpu"},
}


def test_together_they_have_all_networks() -> None:
    recipes = [load_benchmark(path) for path in RECIPES]
    assert len(recipes) == 8
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
        for n, noise in enumerate((5, 25, 50, 90)):
            hu = texture(rng, noise, case)
            stored = np.clip((hu + 1000) / 1400, 0, 1).astype(np.float32)
            name = f"{4 * case + n:04d}.tif"
            tifffile.imwrite(tmp_path / "image" / name, stored)
            ratings[name] = 4.0 - n
    (tmp_path / "train.json").write_text(json.dumps(ratings))
    return {"data.folder": str(tmp_path), "data.ratings": str(tmp_path / "train.json")}


LAYOUTS = {
    "tcia_chest": "tcia",
    "chest": "tcia",
    "ldctiqac2023": "zenodo",
    "ldctiqac2023_entry": "zenodo",
}


def opened(name: str, layout: dict[str, Any], out: Path) -> BenchmarkRun:
    (path,) = (path for path in RECIPES if path.stem == name)
    return open_benchmark(load_benchmark(path, SMALL | layout), out)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "layout"), LAYOUTS.items())
def test_layouts_of_recipes(
    name: str, layout: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    run = opened(name, request.getfixturevalue(layout), tmp_path / "out")
    light = [m for m in run.recipe.methods if m.network in ("compact", None)]
    run.train(light)
    table = make_table(run)
    assert [row.result.method for row in table.rows] == light
    if layout == "tcia":  # doses are mixed, and the full one is its own reference
        assert {group.value for group in table.groups} == {"0.1", "0.5", "0.75", "1.0"}
        of_ssim = next(r for r in table.rows if r.result.method.reference == "ssim")
        assert (of_ssim.figures["signed_srocc"] or 0) > 0.9


def test_the_entry_has_its_window_and_labels_from_0_to_1(
    zenodo: dict[str, Any], tmp_path: Path
) -> None:
    run = opened("ldctiqac2023_entry", zenodo, tmp_path / "out")
    assert sorted(set(run.rated.labels)) == [0.25, 0.5, 0.75, 1.0]
    seen = np.unique((10 * run.rated.cache.array(0)).round())
    assert {0, 7, 9} <= set(seen.tolist())  # tenths: -1000, 40 and 300 HU
    assert {m.stem_blocks for m in run.recipe.methods if m.stem == "published"} == {6}


def trainings() -> list[Any]:
    """The different networks of the recipes with a layout of their own."""
    found = {}
    for name in ("tcia_chest", "ldctiqac2023", "ldctiqac2023_entry"):
        recipe = load_benchmark(next(path for path in RECIPES if path.stem == name))
        for method in recipe.methods:
            if method.network is not None and method.use != "ensemble":
                slug = f"{name}-{architecture(method, 96).slug}-{method.use}"
                found[slug] = pytest.param(name, method.name, id=slug)
    return list(found.values())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), trainings())
def test_two_steps_of_every_network(
    name: str, method: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    run = opened(name, request.getfixturevalue(LAYOUTS[name]), tmp_path / "out")
    recipe = run.recipe
    of_network = recipe.method(method)
    if of_network.network in get_args(OfTransformers):
        pytest.importorskip("transformers")
    fold = run.rated.folds(recipe.folds.by)[0]
    size = len(run.rated.inner(fold, recipe.folds.by)[0].train)
    two_steps = recipe.training.model_copy(update={"batch_size": -(-size // 2)})
    rated = replace(run.rated, recipe=recipe.model_copy(update={"training": two_steps}))
    try:
        outcome = Trainer(rated, tmp_path / "work", 1, fold, recipe.folds.by).run(of_network, 0)
        assert np.isfinite(outcome.scores).all()
        assert outcome.steps == 2
    finally:
        shutil.rmtree(tmp_path / "work", ignore_errors=True)  # up to gigabytes of weights

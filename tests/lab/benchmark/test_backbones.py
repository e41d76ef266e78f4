"""Sizes of the stem in front of a network, and two steps of training of every network."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa.lab.benchmark.backbones import (
    Architecture,
    PublishedFront,
    Rater,
    read_rater,
)
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, networks
from distiliqa.lab.benchmark.benchmark_run import open_benchmark
from distiliqa.lab.benchmark.trained_methods import Trainer
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.stem import PublishedStem
from distiliqa.lab.network.weights import save_network

LARGE = ("vit_base", "monai_vit_base", "resnet50", "se_resnext50", "swin_tiny", "vit_small")
OPTIONAL = ("convnext_tiny", "swinv2_tiny", "deit_tiny")


def test_the_front_is_the_published_stem_at_512_pixels() -> None:
    stem = PublishedStem(2, 4)
    for blocks, grid, side in ((5, 251, 224), (0, 256, 224), (6, 250, 224)):
        front = PublishedFront(blocks, 4, 512)
        assert (front.side, (512 - 2 * blocks) // 2) == (side, grid)
    front = PublishedFront(5, 1, 512)
    stem = PublishedStem(5, 1)
    stem.load_state_dict(front.state_dict())
    image = torch.rand(1, 1, 512, 512)
    with torch.no_grad():
        torch.testing.assert_close(front.eval()(image), stem.eval()(image), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("blocks", range(7))
def test_the_front_keeps_112_of_256_pixels(blocks: int) -> None:
    front = PublishedFront(blocks, 1, 256).eval()
    with torch.no_grad():
        assert front(torch.rand(1, 1, 256, 256)).shape == (1, 3, 112, 112)


def test_the_published_network_is_one_of_them() -> None:
    ours = Rater(Architecture("vit_base", "published", 5, 8, 512))
    published = Network(NetworkConfig())
    count = sum(p.numel() for p in published.parameters())
    assert sum(p.numel() for p in ours.parameters()) == count


def test_weights_survive_the_file(tmp_path: Path) -> None:
    config = replace(Architecture("vit_tiny", "strided", 3, 8, 64), outputs=2)
    rater = Rater(config).eval()
    save_network(rater, tmp_path / "w.safetensors")  # type: ignore[arg-type]
    images = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        found = read_rater(tmp_path / "w.safetensors", config)(images)
        torch.testing.assert_close(found, rater(images))
    assert found.shape == (2, 2)


def _marks(name: str) -> list[pytest.MarkDecorator]:
    marks = [pytest.mark.slow] if name in LARGE else []
    if name in OPTIONAL and importlib.util.find_spec("transformers") is None:
        marks.append(pytest.mark.skip(reason="needs the extra benchmark-transformers"))
    return marks


@pytest.mark.parametrize("name", [pytest.param(one, marks=_marks(one)) for one in networks()])
def test_networks_begin_alike(name: str) -> None:
    torch.manual_seed(1)
    rater = Rater(Architecture(name, "none", 5, 8, 256)).train()
    with torch.no_grad():
        outputs = rater(torch.rand(4, 1, 256, 256))
    assert outputs.abs().max() < 2  # on the scale of 0 to 4
    norms = [module for module in rater.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert {module.momentum for module in norms} <= {0.1}


def _cases() -> list[object]:
    found: list[object] = []
    for name in networks():
        marks = _marks(name)
        stems = ["none"] if name == "compact" else ["none", "published"]
        found += [pytest.param(name, stem, marks=marks, id=f"{stem}-{name}") for stem in stems]
    return [*found, pytest.param("vit_tiny", "strided", id="strided-vit_tiny")]


@pytest.mark.parametrize(("network", "stem"), _cases())
def test_two_steps(
    network: str, stem: str, benchmark_recipe: Callable[..., BenchmarkRecipe], tmp_path: Path
) -> None:
    method = {"name": "a", "network": network, "stem": stem, "stem_blocks": 3, "stem_width": 4}
    training = {"epochs": 2, "batch_size": 3, "optimizer": "adamw"}  # of three images
    run = open_benchmark(benchmark_recipe([method], training=training), tmp_path / "out")
    fold = run.rated.folds("case")[0]
    trainer = Trainer(run.rated, tmp_path / "work", 1, fold, "case")
    outcome = trainer.run(run.recipe.methods[0], 0)
    assert outcome.scores.shape == (len(fold.validation),)
    assert np.isfinite(outcome.scores).all()
    (result,) = (tmp_path / "work").rglob("result.json")
    assert '"steps": 2' in result.read_text()

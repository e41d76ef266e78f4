"""Model folders of several sizes, with weights drawn at random, and the work that each is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from distiliqa.lab.network import PRESETS, Network, NetworkConfig, export_network
from distiliqa.lab.network.graph import DomainReference, LocalHead, ScoringGraph
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.model import Model, load_model

_BETWEEN = NetworkConfig(
    stem="strided",
    stem_blocks=5,
    stem_width=32,
    patch=1,
    depth=8,
    width=384,
    heads=6,
    mlp=1536,
)
MODELS: dict[str, NetworkConfig] = {
    "compact": PRESETS["compact"].with_outputs(5),
    "between": _BETWEEN.with_outputs(5),
    "published": PRESETS["published"].with_outputs(5),
}


def random_graph(sizes: NetworkConfig) -> ScoringGraph:
    """Network of these sizes with all outputs that such a model has, drawn at random."""
    torch.manual_seed(0)
    statistics = 2 * sizes.width + 16
    domain = DomainReference(torch.zeros(statistics), torch.eye(statistics))
    local = None if sizes.map else LocalHead(torch.randn(2 * sizes.width), torch.zeros(()))
    return ScoringGraph(Network(sizes).eval(), domain, local)


def small_model(folder: Path) -> Model:
    """A model that scores in a millisecond or two, where its scores do not matter."""
    sizes = replace(_BETWEEN, stem_width=8, depth=1, width=32, heads=1, mlp=32, outputs=1)
    return load_model(write_model(folder, sizes))


def write_model(folder: Path, sizes: NetworkConfig) -> Path:
    """Write a model folder of these sizes."""
    torch.manual_seed(0)
    config = ModelConfig("bench", "0", {}, sizes.outputs, ScoreScale(0, 1, "none"))
    images = np.random.default_rng(0).random((1, 1, sizes.image_size, sizes.image_size), np.float32)
    export_network(ScoringGraph(Network(sizes)), folder, config, "", images)
    return folder


def gflop(sizes: NetworkConfig) -> float:
    """Floating point operations of one slice, in billions; multiply and add are two."""
    with torch.device("meta"):
        return gflop_of(Network(sizes), sizes.image_size)


def gflop_of(network: nn.Module, side: int) -> float:
    """The same of any network that takes slices (N, 1, side, side), without its weights."""
    image = torch.empty(1, 1, side, side, device="meta")
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        network.to("meta").eval()(image)
    return counted.get_total_flops() / 1e9


def shipped_gflop() -> float:
    """The same of the shipped model, its score alone."""
    return gflop(NetworkConfig(**load_model().config.architecture))

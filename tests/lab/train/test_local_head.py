"""The head that tells the score of each patch."""

from __future__ import annotations

import numpy as np
import torch

from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.network import Network, NetworkConfig
from distiliqa.lab.train.local_quality import Composite, fit_local_head
from distiliqa.metrics.filters import block_means

CONFIG = NetworkConfig(
    stem="strided", stem_blocks=5, stem_width=8, patch=1, depth=1, width=32, heads=2, mlp=32
)


def composite(rng: np.random.Generator) -> Composite:
    """A grey square in air with noise in a part of it."""
    image = np.zeros((512, 512), np.float32)
    image[96:416, 96:416] = 0.5
    worse = np.zeros((512, 512), bool)
    row, column = rng.integers(96, 288, 2)
    worse[row : row + 128, column : column + 128] = True
    noise = 0.2 * rng.standard_normal(image.shape).astype(np.float32)
    return Composite(np.where(worse & (image > 0), image + noise, image), worse, (4.0, 1.0))


def test_the_map_is_lowest_where_the_image_is_worse() -> None:
    torch.manual_seed(0)
    network = Network(CONFIG).eval()
    rng = np.random.default_rng(0)
    head = fit_local_head(network, (composite(rng) for _ in range(30)))
    assert head is not None
    graph = ScoringGraph(network, local=head).eval()
    assert graph.names == ("scores", "heatmap")
    hits = 0
    for example in (composite(rng) for _ in range(20)):
        with torch.inference_mode():
            found = graph(torch.from_numpy(example.image)[None, None])[1][0].numpy()
        shown = block_means(example.image, 16) > 0.15
        hits += block_means(example.worse, 16)[shown][found[shown].argmin()] > 0.5
    assert found.shape == (16, 16)
    assert hits >= 18


def test_no_examples_no_head() -> None:
    assert fit_local_head(Network(CONFIG).eval(), ()) is None

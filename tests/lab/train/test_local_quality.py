"""Images whose worse part is known.

The head that predicts the score of each patch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.settled import settled

from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.train.local_quality import RADIUS, Composite, composites, fit_local_head
from distiliqa.metrics.filters import block_means

LEVELS = {4.0: 0.8, 3.9: 0.75, 1.0: 0.4}


@pytest.fixture
def rated(tmp_path: Path) -> tuple[list[RatedImage], SliceCache]:
    """Two sources of three versions: squares of tissue whose value tells the version."""
    images = []
    for source in ("a", "b"):
        for score, value in LEVELS.items():
            path = tmp_path / f"{source}{score}.npy"
            hu = np.full((512, 512), -1000.0, np.float32)
            hu[100:400, 100:400] = 350 * value - 135
            np.save(path, hu)
            facts = {"patient": "0" if score != 3.9 or source == "a" else "1"}
            images.append(RatedImage(path.name, path, score, "p", source, facts))
    images.append(RatedImage("alone.npy", images[0].path, 0.0))
    return images, open_cache(images, folder=tmp_path / "cache")


def test_the_disc_is_the_worse_version_and_the_rest_the_better(
    rated: tuple[list[RatedImage], SliceCache],
) -> None:
    images, cache = rated
    made = list(composites(images, cache, range(len(images)), seed=0))
    # Of a: 4 and 3.9 with 1, not 4 with 3.9, which are nearly equal. Of b: 4 with 1 alone.
    assert sorted(composite.labels for composite in made) == [(3.9, 1.0), (4.0, 1.0), (4.0, 1.0)]
    for composite in made:
        inside = np.zeros((512, 512), bool)
        inside[100:400, 100:400] = True
        shown = composite.worse & inside
        assert shown.any()
        np.testing.assert_allclose(composite.image[shown], LEVELS[1.0], atol=1e-3)
        better = composite.image[inside & ~composite.worse]
        np.testing.assert_allclose(better, LEVELS[composite.labels[0]], atol=1e-3)
        assert composite.worse.sum() <= np.pi * (RADIUS[1] + 1) ** 2


def test_where_lower_is_better_the_disc_has_the_higher_label(
    rated: tuple[list[RatedImage], SliceCache],
) -> None:
    images, cache = rated
    made = list(composites(images, cache, range(len(images)), seed=0, higher_is_better=False))
    assert sorted(composite.labels for composite in made) == [(1.0, 3.9), (1.0, 4.0), (1.0, 4.0)]
    shown = made[0].worse & (np.abs(made[0].image - LEVELS[1.0]) > 1e-2)
    assert shown.any()


def test_the_seed_decides(rated: tuple[list[RatedImage], SliceCache]) -> None:
    images, cache = rated
    first, again, other = (
        [composite.worse for composite in composites(images, cache, range(len(images)), seed=seed)]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_images_of_no_known_source_have_no_versions(
    rated: tuple[list[RatedImage], SliceCache],
) -> None:
    images, cache = rated
    assert not list(composites(images, cache, [len(images) - 1], seed=0))


CONFIG = NetworkConfig(
    stem="strided", stem_blocks=5, stem_width=8, patch=1, depth=1, width=32, heads=2, mlp=32
)


def composite(rng: np.random.Generator) -> Composite:
    """A gray square in air with noise in a part of it."""
    image = np.zeros((512, 512), np.float32)
    image[96:416, 96:416] = 0.5
    worse = np.zeros((512, 512), bool)
    row, column = rng.integers(96, 288, 2)
    worse[row : row + 128, column : column + 128] = True
    noise = 0.2 * rng.standard_normal(image.shape).astype(np.float32)
    return Composite(np.where(worse & (image > 0), image + noise, image), worse, (4.0, 1.0))


def test_the_map_is_lowest_where_the_image_is_worse() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    images = np.stack([composite(rng).image for _ in range(8)])
    network = settled(Network(CONFIG), torch.from_numpy(images)[:, None])
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

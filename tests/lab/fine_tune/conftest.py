"""A tiny model with random weights, and ratings of slices that it can learn from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.support.settled import settled

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.lab.data.ratings import read_rated_images
from distiliqa.lab.fine_tune.fine_tuning import FineTuning, Settings
from distiliqa.lab.fine_tune.reader_labels import ReaderLabels
from distiliqa.lab.network.graph import DomainReference, ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import export_network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.models.config import Domain, ModelConfig
from distiliqa.models.score_scale import ScoreScale

SIDE, CASES, NOISES = 128, 13, (5, 15, 30, 60)
SIZES = NetworkConfig(
    stem="strided", stem_blocks=4, stem_width=10, patch=2, depth=1, width=16, heads=2, mlp=16,
    outputs=3, image_size=SIDE,
)  # fmt: skip
SCALE = ScoreScale(1.0, 5.0, "as our readers rate it")


def slice_of(case: int, noise: int, rng: np.random.Generator) -> np.ndarray:
    """A slice in HU: what a network without training sees best is how bright an image is."""
    y, x = np.mgrid[-64:64, -64:64]
    body = (y / 50) ** 2 + (x / (40 + case)) ** 2 < 1
    return np.where(body, 3 * noise - 90 + rng.normal(0, 5, body.shape), -1000.0)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of a network that nobody trained, with a limit of its domain."""
    torch.manual_seed(1)
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("models") / "small"
    seen = np.stack([SOFT_TISSUE.apply(slice_of(0, noise, rng))[None] for noise in NOISES])
    network = settled(Network(SIZES), torch.from_numpy(seen).float())
    network.vit.encoder.pos_embedding.data.zero_()  # the image decides on the features
    reference = DomainReference(torch.zeros(2 * 16 + 16), 0.01 * torch.eye(2 * 16 + 16))
    config = ModelConfig(
        "small", "1.0", {}, 3, ScoreScale(0.0, 4.0, "made up"), domain=Domain(0.05, 9, 9)
    )
    images = rng.random((2, 1, SIDE, SIDE), np.float32)
    export_network(ScoringGraph(network, reference), folder, config, "# small\n", images)
    return folder


@pytest.fixture(scope="session")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """52 slices of 13 patients, with two readers and an attribute: ``ratings.csv``."""
    folder = tmp_path_factory.mktemp("rated")
    rng = np.random.default_rng(0)
    rows = ["image,case,A,B,noise"]
    for case in range(CASES):
        for noise in NOISES:
            hu = slice_of(case, noise, rng)
            np.save(folder / f"p{case}_{noise}.npy", hu.astype(np.float32))
            rating = np.clip(5 - 3.6 * noise / 60 + rng.normal(0, 0.2, 2), 1, 5)
            rows.append(f"p{case}_{noise}.npy,p{case},{rating[0]:.2f},{rating[1]:.2f},{noise}")
    (folder / "ratings.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture
def tuning(small_model: Path, rated: Path, tmp_path: Path) -> Callable[..., FineTuning]:
    """A fine-tuning of the tiny model: ``tuning(layers="head")``."""

    def make(**settings: Any) -> FineTuning:
        ratings = rated / "ratings.csv"
        found = read_rated_images(rated, ratings, readers=("A", "B"), scale=(1, 5))
        labels = ReaderLabels(np.array([[image.score] for image in found.images]), SCALE)
        return FineTuning(
            tmp_path / "tuned",
            small_model,
            ratings,
            found.images,
            labels,
            found.rows,
            Settings(**settings),
        )

    return make

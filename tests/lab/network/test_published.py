"""The published network at full size: forward, backward, exported and scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from distiliqa.cli.example import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, read_ct
from distiliqa.lab.network import PRESETS, Network, export_network
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.models.folder import ModelConfig, ScoreScale
from distiliqa.scoring.model import load_model


@pytest.mark.slow
def test_published_network_trains_a_step_and_scores_a_slice(tmp_path: Path) -> None:
    torch.manual_seed(0)
    ct = next(read_ct(EXAMPLE_SERIES / "dose_100"))
    image = SOFT_TISSUE.apply(ct.hu)[None, None]
    network = Network(PRESETS["published"].with_outputs(5))
    network(torch.from_numpy(image)).square().sum().backward()
    gradients = [parameter.grad for parameter in network.parameters()]
    assert all(g is not None and torch.isfinite(g).all() for g in gradients)
    assert network.stem.blocks[0][0].weight.grad.abs().sum() > 0

    scale = ScoreScale(0, 1, "nothing yet")
    config = ModelConfig("published", "untrained", {}, 5, scale)
    assert export_network(ScoringGraph(network), tmp_path, config, "", image) < 1e-4
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(image)).numpy()[0]
    np.testing.assert_allclose(load_model(tmp_path).score(ct.hu).outputs, expected, atol=1e-4)

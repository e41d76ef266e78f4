"""The network as a kind of processing: its share, and files that are none of its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from distiliqa.errors import DistiliqaError
from distiliqa.simulate.processing.denoising_network import DenoisingNetwork
from distiliqa.simulate.processing.processing import Processing, parse_processing


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights of a network that takes 5 HU away everywhere."""
    network = DenoisingNetwork()
    with torch.no_grad():
        network.layers[-1].weight.zero_()
        network.layers[-1].bias.fill_(0.05)
    save_file(network.state_dict(), tmp_path / "five.safetensors")
    return tmp_path / "five.safetensors"


def test_the_strength_is_the_share_of_the_network(weights: Path) -> None:
    hu = np.random.default_rng(0).normal(40, 20, (48, 40)).astype(np.float32)
    hu[:4] = -1000
    for share in (0.4, 1.0):
        result = Processing("denoising_network", share, weights=weights).prepared(hu, 0.7)(hu)
        assert np.allclose(result[4:], hu[4:] - 5 * share, atol=1e-4)
        assert np.array_equal(result[:4], hu[:4])


def test_other_weights_of_the_same_name_are_read_again(weights: Path) -> None:
    hu = np.full((40, 40), 40, np.float32)
    processing = parse_processing(f"denoising_network:1:{weights}")
    assert processing.prepared(hu, 0.7)(hu)[20, 20] == pytest.approx(35, abs=1e-3)
    zeros = {name: 0 * value for name, value in DenoisingNetwork().state_dict().items()}
    weights.unlink()
    save_file(zeros, weights)
    assert processing.prepared(hu, 0.7)(hu)[20, 20] == pytest.approx(40, abs=1e-3)


def test_what_is_no_such_file_is_named(tmp_path: Path) -> None:
    hu = np.full((40, 40), 40, np.float32)
    (tmp_path / "text").write_text("none")
    save_file({"other": torch.zeros(1)}, tmp_path / "other")
    for name in ("missing", "text", "other"):
        processing = Processing("denoising_network", 1, weights=tmp_path / name)
        with pytest.raises(DistiliqaError, match="weights") as caught:
            processing.prepared(hu, 0.7)
        assert str(tmp_path / name) in str(caught.value)
    with pytest.raises(DistiliqaError, match="needs a weights file"):
        Processing("denoising_network", 1)

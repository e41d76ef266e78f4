"""The published network at full size: forward, backward, exported and scored."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tests.support.published_network import published_outputs

from distiliqa.ct import SOFT_TISSUE, read_ct
from distiliqa.errors import DistiliqaError
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.lab.network import PRESETS, export_network
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.published import import_network, to_published
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.model import load_model

TINY = NetworkConfig(stem_blocks=2, stem_width=2, depth=2, width=16, heads=4, mlp=24, outputs=5)


@pytest.mark.parametrize("kind", ["student", "teacher"])
def test_golden_networks_give_the_published_outputs(golden, kind):
    network = import_network(golden / f"{kind}_tiny.weights.safetensors")
    given = load_file(golden / f"{kind}_tiny.io.safetensors")
    with torch.inference_mode():
        torch.testing.assert_close(network(given["input"]), given["output"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", ["student", "teacher"])
def test_a_second_network_in_numpy_gives_them_too(golden, kind):
    weights = golden / f"{kind}_tiny.weights.safetensors"
    with safe_open(weights, "np") as file:
        heads = int(file.metadata()["heads"])
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    given = load_file(golden / f"{kind}_tiny.io.safetensors")
    found = published_outputs(state, given["input"][:1].numpy(), heads)
    np.testing.assert_allclose(found, given["output"][:1], atol=1e-5)


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}])
def test_every_size_is_read_from_a_torch_file(tmp_path, wrap):
    network = Network(TINY)
    torch.save(wrap(to_published(network.state_dict())), tmp_path / "student.pth")
    found = import_network(tmp_path / "student.pth", heads=4)
    assert found.config == TINY
    assert all(
        torch.equal(a, b)
        for a, b in zip(found.state_dict().values(), network.state_dict().values(), strict=True)
    )


def test_names_of_a_parallel_network_lose_their_prefix(tmp_path):
    state = {f"module.{k}": v for k, v in to_published(Network(TINY).state_dict()).items()}
    torch.save(state, tmp_path / "student.pth")
    assert import_network(tmp_path / "student.pth", heads=4).config == TINY


class Harmful:
    def __reduce__(self):
        return print, ("run by unpickling",)


def test_pickled_objects_are_refused_unrun(tmp_path, capsys):
    torch.save({"conv_head.0.0.weight": Harmful()}, tmp_path / "harmful.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Harmful()))
    for name in ("harmful.pth", "plain.pth"):
        with pytest.raises(DistiliqaError, match=r"harmful|plain.*refused"):
            import_network(tmp_path / name)
    assert "run by unpickling" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not readable as weights"),
        (b"not weights", "refused|not readable"),
    ],
)
def test_damaged_files_are_named(tmp_path, content, words):
    (tmp_path / "broken.pth").write_bytes(content)
    with pytest.raises(DistiliqaError, match=rf"broken.pth: .*({words})"):
        import_network(tmp_path / "broken.pth")


def test_foreign_layouts_are_named(tmp_path):
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
    with pytest.raises(DistiliqaError, match=r"vgg.pth: .*published layout"):
        import_network(tmp_path / "vgg.pth")
    with pytest.raises(DistiliqaError, match="no such file"):
        import_network(tmp_path / "absent.pth")


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

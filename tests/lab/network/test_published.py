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

from distiliqa.cli.demo import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, read_ct
from distiliqa.errors import DistiliqaError
from distiliqa.lab.network import PRESETS, export_network
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.published import (
    import_network,
    load_imagenet,
    resize_positions,
    to_published,
)
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.transformer import VisionTransformer
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


SIZES = {"depth": 2, "width": 16, "heads": 2, "mlp": 24}


@pytest.fixture
def imagenet_file(tmp_path):
    """A small ViT with torchvision's names, trained on images of 96 pixels."""
    vit = VisionTransformer(3, 96, patch=16, outputs=10, **SIZES)
    state = {
        name.replace("heads.", "heads.head."): torch.rand_like(tensor)
        for name, tensor in vit.state_dict().items()
    }
    torch.save(state, tmp_path / "vit.pth")
    return tmp_path / "vit.pth", state


def test_transformer_starts_from_the_file_and_keeps_stem_and_head(imagenet_file):
    path, state = imagenet_file
    network = Network(NetworkConfig(stem_blocks=1, stem_width=2, outputs=5, **SIZES))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert load_imagenet(network, str(path)) == []
    after = network.state_dict()
    name = "encoder.layers.encoder_layer_1.mlp.3.weight"
    assert torch.equal(after[f"vit.{name}"], state[name])
    for kept in ("vit.heads.weight", "stem.downsample.0.weight"):
        assert torch.equal(after[kept], before[kept])


def test_position_embedding_is_interpolated_to_the_grid(imagenet_file):
    path, state = imagenet_file
    network = Network(NetworkConfig(stem_blocks=1, stem_width=2, **SIZES))
    load_imagenet(network, str(path))
    found = network.vit.encoder.pos_embedding
    assert found.shape == (1, 197, 16)
    assert torch.equal(found[:, 0], state["encoder.pos_embedding"][:, 0])


def test_interpolation_keeps_the_shape_of_a_ramp():
    ramp = torch.arange(8.0).repeat(8, 1).reshape(1, 64, 1)
    resized = resize_positions(torch.cat([torch.zeros(1, 1, 1), ramp], dim=1), 1 + 16 * 16)
    grid = resized[0, 1:, 0].reshape(16, 16)
    expected = (torch.arange(16.0) - 0.5) / 2  # the same ramp on a grid twice as fine
    torch.testing.assert_close(grid[5, 3:13], expected[3:13], atol=0.1, rtol=0)
    assert torch.equal(grid[0], grid[15])


def test_a_strided_stem_keeps_its_own_patch_projection(imagenet_file):
    path, _ = imagenet_file
    network = Network(NetworkConfig(stem="strided", stem_blocks=5, stem_width=2, patch=1, **SIZES))
    assert load_imagenet(network, str(path)) == ["conv_proj.weight"]


def test_other_sizes_are_refused(imagenet_file):
    path, _ = imagenet_file
    network = Network(NetworkConfig(stem_blocks=1, **(SIZES | {"depth": 3})))
    with pytest.raises(DistiliqaError, match=r"vit.pth: .*other sizes; match depth"):
        load_imagenet(network, str(path))


def test_a_download_with_another_checksum_is_refused(tmp_path, monkeypatch):
    (tmp_path / "vit_b_16-c867db91.pth").write_bytes(b"altered on the way")
    monkeypatch.setattr(
        "distiliqa.lab.network.published.URL", (tmp_path / "vit_b_16-c867db91.pth").as_uri()
    )
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    with pytest.raises(DistiliqaError, match=r"cannot be downloaded .*invalid hash"):
        load_imagenet(Network(NetworkConfig(stem_blocks=1, **SIZES)), "download")
    assert not list((tmp_path / "hub").rglob("*.pth"))


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

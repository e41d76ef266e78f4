"""ImageNet weights: what is loaded, what keeps its own, and files that do not fit."""

from __future__ import annotations

import pytest
import torch

from distiliqa.errors import DistiliqaError
from distiliqa.lab.network.imagenet import load_imagenet, resize_positions
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.transformer import VisionTransformer

SIZES = {"depth": 2, "width": 16, "heads": 4, "mlp": 24}


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
    assert load_imagenet(network.vit, str(path)) == []
    after = network.state_dict()
    name = "encoder.layers.encoder_layer_1.mlp.3.weight"
    assert torch.equal(after[f"vit.{name}"], state[name])
    for kept in ("vit.heads.weight", "stem.downsample.0.weight"):
        assert torch.equal(after[kept], before[kept])


def test_position_embedding_is_interpolated_to_the_grid(imagenet_file):
    path, state = imagenet_file
    network = Network(NetworkConfig(stem_blocks=1, stem_width=2, **SIZES))
    load_imagenet(network.vit, str(path))
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
    assert load_imagenet(network.vit, str(path)) == ["conv_proj.weight"]


def test_other_sizes_are_refused(imagenet_file):
    path, _ = imagenet_file
    network = Network(NetworkConfig(stem_blocks=1, **(SIZES | {"depth": 3})))
    with pytest.raises(DistiliqaError, match=r"vit.pth: .*other sizes .*; match depth"):
        load_imagenet(network.vit, str(path))


def test_a_download_with_another_checksum_is_refused(tmp_path, monkeypatch):
    (tmp_path / "vit_b_16-c867db91.pth").write_bytes(b"altered on the way")
    monkeypatch.setattr(
        "distiliqa.lab.network.imagenet.URL", (tmp_path / "vit_b_16-c867db91.pth").as_uri()
    )
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    with pytest.raises(DistiliqaError, match=r"cannot be downloaded .*invalid hash"):
        load_imagenet(Network(NetworkConfig(stem_blocks=1, **SIZES)).vit, "download")
    assert not list((tmp_path / "hub").rglob("*.pth"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"encoder.ln.weight": None}, r"torchvision \(lacks 'encoder.ln.weight'\); give"),
        ({"encoder.ln.weight": None, "encoder.ln.bias": None}, r"'encoder.ln.bias' and 1 more"),
        ({"neck.weight": torch.ones(1)}, r"torchvision \(has 'neck.weight'\); give the file"),
        ({"encoder.ln.weight": torch.ones(8)}, r"encoder.ln.weight is \[8\], not \[16\]\)"),
        ({"encoder.pos_embedding": torch.ones(1, 12, 16)}, r"pos_embedding is \[1, 12, 16\], not"),
        ({"encoder.pos_embedding": torch.ones(16)}, r"pos_embedding is \[16\], not"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(imagenet_file, change, says):
    path, state = imagenet_file
    changed = {name: tensor for name, tensor in (state | change).items() if tensor is not None}
    torch.save(changed, path)
    network = Network(NetworkConfig(stem_blocks=1, **SIZES))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(DistiliqaError, match=says) as error:
        load_imagenet(network.vit, str(path))
    assert str(error.value).startswith(f"{path}: ")
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())

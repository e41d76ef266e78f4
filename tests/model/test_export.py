from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.model import export
from distiliqa.model.config import NetworkConfig
from distiliqa.model.network import Network
from distiliqa.model_folder import ModelConfig, ScoreScale, read_config

CONFIG = ModelConfig("tiny", "1", {}, 0, ScoreScale(0, 4, "mean rating"))
TINY = NetworkConfig(
    stem="strided", stem_blocks=5, stem_width=2, patch=1, depth=1, width=16, heads=2, mlp=16,
    outputs=5,
)  # fmt: skip


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((3, 1, 512, 512), np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory, images):
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    network = Network(TINY).eval()
    difference = export.export_network(network, folder, CONFIG, "# tiny", images)
    return folder, network, difference


def test_onnx_equals_torch_for_any_batch(model, images):
    folder, network, difference = model
    assert difference < 1e-5
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    for n in (1, 2, 3):
        (found,) = session.run(["scores"], {"image": images[:n]})
        expected = network(torch.from_numpy(images[:n])).detach().numpy()
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_folder_is_complete_and_loads_as_torch(model, images):
    folder, network, _ = model
    names = {"model.onnx", "model.safetensors", "config.json", "README.md"}
    assert {path.name for path in folder.iterdir()} == names
    config = read_config(folder)
    assert NetworkConfig(**config.architecture) == TINY
    assert (config.outputs, config.scale.high) == (5, 4)
    loaded = export.load_network(folder)
    assert not loaded.training
    batch = torch.from_numpy(images)
    assert torch.equal(loaded(batch), network(batch))


def test_altered_weights_are_refused(model, tmp_path):
    folder, *_ = model
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelFolderError, match=r"model.safetensors: .*SHA-256 differs"):
        export.load_network(tmp_path)


def test_format_of_the_future_is_refused(model, tmp_path):
    content = json.loads((model[0] / "config.json").read_text()) | {"format": 99}
    (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(ModelFolderError, match="format 99"):
        read_config(tmp_path)


def test_a_difference_is_an_error_and_leaves_nothing(tmp_path, images, monkeypatch):
    monkeypatch.setattr(export, "compare", lambda *_: 0.01)
    with pytest.raises(DistiliqaError, match=r"ONNX differs from torch by 0\.01"):
        export.export_network(Network(TINY), tmp_path / "out", CONFIG, "", images)
    assert not list((tmp_path / "out").iterdir())

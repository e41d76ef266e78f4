from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.lab.network import onnx_export as export
from distiliqa.lab.network.graph import DomainReference, LocalHead, ScoringGraph
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.weights import read_network
from distiliqa.models.config import Domain, ModelConfig
from distiliqa.models.folder import read_config
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.runtimes.onnx_file import read_graph

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
    difference = export.export_network(ScoringGraph(network), folder, CONFIG, "# tiny", images)
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
    names = {"model.onnx", "config.json", "README.md"}
    assert {path.name for path in folder.iterdir()} == names
    config = read_config(folder)
    assert NetworkConfig(**config.architecture) == TINY
    assert (config.outputs, config.scale.high) == (5, 4)
    loaded = export.load_network(folder)
    assert not loaded.training
    batch = torch.from_numpy(images)
    assert torch.equal(loaded(batch), network(batch))


def test_what_is_known_of_a_network_goes_with_it(tmp_path, images):
    torch.manual_seed(1)
    network, rng = Network(TINY).eval(), torch.Generator().manual_seed(0)
    domain = DomainReference(torch.rand(48, generator=rng), torch.rand(48, 48, generator=rng))
    local = LocalHead(torch.rand(32, generator=rng), torch.tensor(0.5))
    graph = ScoringGraph(network, domain, local).eval()
    config = replace(
        CONFIG,
        interval_calibration=IntervalCalibration(0.9, 2.0, 0.1, 40, 3),
        domain=Domain(0.01, 100, 40),
        heatmap=(16, 16),
    )
    export.export_network(graph, tmp_path, config, "# tiny", images)
    read = read_config(tmp_path)
    assert (read.interval_calibration, read.domain) == (config.interval_calibration, config.domain)
    assert (read.heatmap, set(read.files)) == ((16, 16), {"model.onnx"})
    expected = graph(torch.from_numpy(images))
    loaded = export.load_graph(tmp_path)(torch.from_numpy(images))
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    found = session.run(["scores", "distance", "heatmap"], {"image": images})
    for one, other, third in zip(found, loaded, expected, strict=True):
        np.testing.assert_allclose(one, third.detach(), atol=1e-4)
        assert torch.equal(other, third)
    export.export_network(ScoringGraph(network), tmp_path, CONFIG, "# tiny", images)
    assert export.load_graph(tmp_path).names == ("scores",)


def test_altered_weights_are_refused(model, tmp_path):
    folder, *_ = model
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    content = bytearray((folder / "model.onnx").read_bytes())
    content[-1] ^= 1
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelFolderError, match=r"model.onnx: .*SHA-256 differs"):
        export.load_network(tmp_path)


def test_the_weights_are_in_the_onnx_file_bit_for_bit(tmp_path, images):
    """Also those of batch normalizations, which a trained network has moved."""
    torch.manual_seed(2)
    network = Network(TINY.with_heads(map=True, processed=True))
    network(torch.from_numpy(images))
    network.eval()
    domain = DomainReference(torch.rand(48), torch.rand(48, 48) / 10)
    graph = ScoringGraph(network, domain)
    config = replace(CONFIG, domain=Domain(0.01, 100, 40), heatmap=(16, 16))
    export.export_network(graph, tmp_path, config, "# tiny", images)
    assert read_config(tmp_path).processed
    loaded = export.load_graph(tmp_path)
    assert loaded.names == ("scores", "distance", "heatmap", "processed")
    state = graph.state_dict()
    for name, tensor in loaded.state_dict().items():
        assert name.endswith("num_batches_tracked") or torch.equal(tensor, state[name]), name
    expected = graph(torch.from_numpy(images))
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    for one, other in zip(session.run(None, {"image": images}), expected, strict=True):
        np.testing.assert_allclose(one, other.detach(), atol=1e-4)
    assert 0 < float(expected[3].detach()[0]) < 1
    assert read_network(tmp_path / "model.onnx").config == network.config


def test_scores_need_nothing_that_only_the_map_needs(tmp_path):
    """The last layer of patches, so that a runtime which drops the map drops it too."""
    graph = ScoringGraph(Network(TINY.with_heads(map=True, processed=True))).eval()
    export.write_onnx(graph, tmp_path / "model.onnx")
    model = read_graph(memoryview((tmp_path / "model.onnx").read_bytes()))
    of_scores, of_map = needed(model, "scores"), needed(model, "heatmap")
    weight = "network.vit.encoder.layers.encoder_layer_0.mlp.0.weight"
    uses = [{node.output for node in model.nodes if weight in node.inputs} & of for of in
            (of_scores, of_map)]  # fmt: skip
    assert [len(found) for found in uses] == [1, 1]
    assert not uses[0] & uses[1]


def needed(model, output):
    """Names of all values that an output depends on."""
    found = {output}
    for node in reversed(model.nodes):
        if node.output in found:
            found.update(node.inputs)
    return found


def test_runtimes_find_linear_layers_and_shapes_ready(model):
    """Each linear layer is one operator of two axes, and no shape is computed but for the batch."""
    graph = read_graph(memoryview((model[0] / "model.onnx").read_bytes()))
    operators = Counter(node.operator for node in graph.nodes)
    assert operators["Gemm"] == 4 * TINY.depth + 1
    assert operators["MatMul"] == 2 * TINY.depth + 1  # attention, and the sum of columns
    assert operators["Shape"] == 1
    of_shape = [node for node in graph.nodes if node.operator == "Reshape"]
    assert [node.inputs[1] in graph.constants for node in of_shape].count(False) == 0


def test_an_onnx_file_whose_weights_have_other_names_is_refused(model, tmp_path):
    content = (model[0] / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(content.replace(b"conv_proj", b"conv_lost"))
    with pytest.raises(ModelFolderError, match="not weights of this package"):
        read_network(tmp_path / "model.onnx")


def test_what_is_no_onnx_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no ONNX at all")
    with pytest.raises(ModelFolderError, match="not ONNX"):
        read_network(tmp_path / "model.onnx")


def test_format_of_the_future_is_refused(model, tmp_path):
    content = json.loads((model[0] / "config.json").read_text()) | {"format": 99}
    (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(ModelFolderError, match="format 99"):
        read_config(tmp_path)


def test_a_difference_is_an_error_and_leaves_nothing(tmp_path, images, monkeypatch):
    monkeypatch.setattr(export, "compare", lambda *_: {"scores": 0.01})
    with pytest.raises(DistiliqaError, match=r"ONNX differs from torch by 0\.01"):
        export.export_network(ScoringGraph(Network(TINY)), tmp_path / "out", CONFIG, "", images)
    assert not list((tmp_path / "out").iterdir())

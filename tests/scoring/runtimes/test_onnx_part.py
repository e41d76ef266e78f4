"""Networks without what only the heatmap needs."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.support.models import noise_network

from distiliqa.models.config import DISTANCE, HEATMAP, OUTPUT
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import SOME, score_inputs
from distiliqa.scoring.runtimes.onnx_file import read_graph
from distiliqa.scoring.runtimes.onnx_part import part_of

RUNTIMES = ["onnxruntime", pytest.param("openvino", marks=pytest.mark.skipif(
    find_spec("openvino") is None, reason="no openvino here"))]  # fmt: skip


def with_two_outputs() -> bytes:
    """The noise network and its variance, whose sum takes an operator that nothing else needs."""
    network = noise_network()
    network.graph.node.append(helper.make_node("Add", ["variance", "more"], ["varied"]))
    network.graph.initializer.append(numpy_helper.from_array(np.float32([1]), "more"))
    varied = helper.make_tensor_value_info("varied", TensorProto.FLOAT, ["n", 1, 64, 64])
    network.graph.output.append(varied)
    return network.SerializeToString()


def test_only_what_an_output_needs_is_left() -> None:
    whole = with_two_outputs()
    part = part_of(whole, ["scores"])
    onnx.checker.check_model(onnx.load_from_string(part))
    graphs = [read_graph(memoryview(content)) for content in (whole, part)]
    assert [len(graph.nodes) for graph in graphs] == [13, 12]
    assert [output.name for output in graphs[1].outputs] == ["scores"]
    image = {"image": np.random.default_rng(0).random((2, 1, 512, 512), np.float32)}
    found = [onnxruntime.InferenceSession(one).run(["scores"], image) for one in (whole, part)]
    np.testing.assert_array_equal(*found)


def test_all_outputs_are_the_whole_file() -> None:
    whole = with_two_outputs()
    assert part_of(whole, ["scores", "varied"]) == whole


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_model_without_heatmaps_gives_the_other_outputs(runtime) -> None:
    whole = load_model(runtime=runtime, batch=1)
    part = whole.for_many(heatmaps=False)
    assert part.for_many(heatmaps=False) is part
    image = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    found, expected = part.run(image), whole.run(image)
    assert {OUTPUT, DISTANCE} <= set(found)
    assert set(expected) - set(found) == {HEATMAP}
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], atol=1e-5, err_msg=name)


def test_a_run_without_a_report_computes_no_heatmaps(
    tmp_path: Path, write_series: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[list[str]] = []
    run = Model.run

    def noted(self: Model, images: np.ndarray) -> dict[str, np.ndarray]:
        found = run(self, images)
        names.append(list(found))
        return found

    monkeypatch.setattr(Model, "run", noted)
    folder = write_series(tmp_path, SOME)
    for keep in (False, True):
        score_inputs([folder], load_model(), keep_heatmaps=keep)
        assert names
        assert all((HEATMAP in one) == keep for one in names)
        names.clear()

"""A model folder for tests, whose scores can be computed by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from distiliqa.models.config import PROCESSED, ModelConfig
from distiliqa.models.folder import ONNX, WEIGHTS, read_config, write_config
from distiliqa.models.score_scale import ScoreScale


def write_tiny_model(folder: Path) -> Path:
    """Write a model that scores in milliseconds: its five outputs fall with the local noise."""
    folder.mkdir()
    onnx.save(noise_network(), folder / ONNX)
    save_file({"weight": np.zeros(1, np.float32)}, folder / WEIGHTS)
    scale = ScoreScale(0.0, 4.0, "made up by the tests from the local noise")
    write_config(folder, ModelConfig("tiny", "1.0", {}, 5, scale, made_by="tests"))
    return folder


def write_processed_model(folder: Path, **fields: Any) -> Path:
    """Write the tiny model with the output ``processed``; ``fields`` are those of `ModelConfig`.

    The probability is ``1 / (1 + exp(noise - 10))`` for a noise in HU.
    """
    config = read_config(write_tiny_model(folder))
    network = noise_network()
    found = [
        helper.make_node("Reshape", ["deviation", "flat"], ["alone"]),
        helper.make_node("Mul", ["alone", "width"], ["noise_hu"]),
        helper.make_node("Sub", ["limit", "noise_hu"], ["below"]),
        helper.make_node("Sigmoid", ["below"], [PROCESSED]),
    ]
    network.graph.node.extend(found)
    constants = {"flat": np.array([-1]), "width": np.float32([350]), "limit": np.float32([10])}
    network.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    network.graph.output.append(helper.make_tensor_value_info(PROCESSED, TensorProto.FLOAT, ["n"]))
    onnx.save(network, folder / ONNX)
    write_config(folder, replace(config, **fields))
    return folder


def noise_network() -> Any:
    """ONNX: scores = 4 - weight * sqrt(mean local variance over 8 x 8 pixels) for five weights.

    The mean counts noise more towards the end of each axis, to tell how an image is turned.
    """

    def tensor(name: str, values: Any, dtype: type) -> Any:
        return numpy_helper.from_array(np.asarray(values, dtype), name)

    pool = {"kernel_shape": [8, 8], "strides": [8, 8]}
    nodes = [
        helper.make_node("AveragePool", ["image"], ["mean"], **pool),
        helper.make_node("Mul", ["image", "image"], ["square"]),
        helper.make_node("AveragePool", ["square"], ["mean_square"], **pool),
        helper.make_node("Mul", ["mean", "mean"], ["square_mean"]),
        helper.make_node("Sub", ["mean_square", "square_mean"], ["variance"]),
        helper.make_node("Mul", ["variance", "ramp"], ["weighted"]),
        helper.make_node("ReduceMean", ["weighted"], ["noise"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Abs", ["noise"], ["positive"]),
        helper.make_node("Sqrt", ["positive"], ["deviation"]),
        helper.make_node("Reshape", ["deviation", "shape"], ["column"]),
        helper.make_node("Mul", ["column", "weights"], ["loss"]),
        helper.make_node("Sub", ["best", "loss"], ["scores"]),
    ]
    ramp = np.add.outer(np.linspace(1, 2, 64), np.linspace(1, 3, 64)) / 3.5  # mean 1
    constants = [
        tensor("ramp", ramp[np.newaxis, np.newaxis], np.float32),
        tensor("shape", [-1, 1], np.int64),
        tensor("weights", [[12, 13, 14, 15, 16]], np.float32),
        tensor("best", [4], np.float32),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 512, 512])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 5])
    graph = helper.make_graph(nodes, "noise", [image], [scores], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_linear_model(folder: Path) -> Path:
    """Write the tiny model with its scores from a linear layer, as the operator Gemm."""
    config = read_config(write_tiny_model(folder))
    network = noise_network()
    del network.graph.node[-2:]
    layer = helper.make_node("Gemm", ["column", "weights_", "best_"], ["scores"], name="linear")
    network.graph.node.append(layer)
    constants = {"weights_": -np.float32([[12, 13, 14, 15, 16]]), "best_": np.float32([4] * 5)}
    network.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    onnx.save(network, folder / ONNX)
    write_config(folder, config)
    return folder

"""The graph of compact 0.1.0 as it was shipped, with weights drawn at random.

``compact_0_1_0.onnx`` is that file without its weights, whose values do not change the time.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

_FILE = Path(__file__).with_suffix(".onnx")


def write_compact_0_1_0(path: Path) -> Path:
    """Write ``model.onnx`` of compact 0.1.0."""
    model, rng = onnx.load(_FILE), np.random.default_rng(0)
    for tensor in model.graph.initializer:
        if not tensor.HasField("raw_data"):
            tensor.CopyFrom(_drawn(tensor, rng))
    onnx.save(model, path)
    return path


def _drawn(tensor: TensorProto, rng: np.random.Generator) -> TensorProto:
    """Values of its shape of which layers give values of about the size that they are given."""
    shape = tuple(tensor.dims)
    if len(shape) < 2:
        values = np.full(shape, 1.0 if tensor.name.endswith("weight") else 0.0)
    else:
        values = rng.standard_normal(shape) / math.sqrt(math.prod(shape) / max(shape[0], shape[-1]))
    return numpy_helper.from_array(values.astype(np.float32), tensor.name)

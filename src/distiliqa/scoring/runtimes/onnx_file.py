"""Read the part of an ONNX file that an export writes, without running any of it.

An ONNX file is a protocol buffer with the messages of
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The package onnx reads all of it. It takes
20 MB with its dependencies, and does not bound what a model will do. Here only the parts of an
exported network are known. All else is refused: subgraphs (of If, Loop and Scan), functions,
operators of other domains, tensors outside of the file.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import quoted
from distiliqa.scoring.runtimes.protobuf import Message

MAX_NODES, MAX_AXES = 10_000, 8
MIN_OPSET, MAX_OPSET = 17, 30
FLOAT = 1
_DTYPES = {
    FLOAT: np.float32,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float16,
    11: np.float64,
}
_DOMAINS = ("", "ai.onnx")
Attribute = int | float | bytes | tuple[int, ...]

# The messages by their fields. Ignored are names and documentation, which no runtime looks at.
_EXTERNAL = "constants outside of the file"
MODEL_FIELDS = {"graph": 7, "opset": 8}
GRAPH_FIELDS = {"node": 1, "initializer": 5, "input": 11, "output": 12}
_model = partial(
    Message,
    name="model",
    known=MODEL_FIELDS,
    ignored={1, 2, 3, 4, 5, 6, 14},
    refused={25: "functions"},
)
_opset = partial(Message, name="opset", known={"domain": 1, "version": 2})
_graph = partial(
    Message,
    name="graph",
    known=GRAPH_FIELDS,
    ignored={2, 10, 13, 16},
)
_node = partial(
    Message,
    name="node",
    known={"input": 1, "output": 2, "operator": 4, "attribute": 5, "domain": 7},
    ignored={3, 6, 9},
)
_attribute = partial(
    Message,
    name="setting",
    known={"name": 1, "f": 2, "i": 3, "s": 4, "ints": 8, "type": 20},
    ignored={13},
    refused={6: "a subgraph"},
)
_tensor = partial(
    Message,
    name="tensor",
    known={"dims": 1, "type": 2, "name": 8, "raw_data": 9},
    ignored={12, 16},
    refused={13: _EXTERNAL, 14: _EXTERNAL},
)
_value = partial(Message, name="value", known={"name": 1, "type": 2}, ignored={3, 4})
_type = partial(Message, name="type", known={"tensor": 1})
_array = partial(Message, name="array", known={"type": 1, "shape": 2})
_shape = partial(Message, name="shape", known={"dim": 1})
_size = partial(Message, name="size", known={"value": 1, "name": 2})


class Node(NamedTuple):
    """One operator: its name, the names of its inputs and output, and its attributes."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, Attribute]


class Value(NamedTuple):
    """An input or output of the graph: its name and sizes, None for the number of slices."""

    name: str
    sizes: tuple[int | None, ...]


@dataclass(frozen=True)
class Graph:
    """A network as the file describes it.

    Attributes
    ----------
    constants : dict[str, ndarray]
        Arrays by name; they are views of the file.
    """

    nodes: tuple[Node, ...]
    constants: dict[str, NDArray]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def read_graph(content: memoryview) -> Graph:
    """Read the graph of an ONNX file.

    Raises
    ------
    ValueError
        The file is damaged, or holds something that no exported network has.
    """
    model = _model(content)
    versions = [_opset(opset) for opset in model.contents("opset")]
    if any(version.text("domain") not in _DOMAINS for version in versions):
        raise ValueError("operators of another domain")
    if not all(MIN_OPSET <= version.number("version") <= MAX_OPSET for version in versions):
        raise ValueError(f"an operator set that is not of {MIN_OPSET} to {MAX_OPSET}")
    graph = _graph(model.content("graph"))
    nodes = graph.contents("node")
    if len(nodes) > MAX_NODES:
        raise ValueError(f"more than {MAX_NODES} operators")
    constants = dict(map(_read_constant, graph.contents("initializer")))
    return Graph(
        tuple(map(_read_node, nodes)),
        constants,
        tuple(map(_read_value, graph.contents("input"))),
        tuple(map(_read_value, graph.contents("output"))),
    )


def _read_node(content: memoryview) -> Node:
    node = _node(content)
    operator = node.text("operator")
    if node.text("domain") not in _DOMAINS:
        raise ValueError("operators of another domain")
    outputs = node.texts("output")
    if len(outputs) != 1:
        raise ValueError(f"a {quoted(operator)} with {len(outputs)} outputs")
    try:
        attributes = dict(map(_read_attribute, node.contents("attribute")))
    except ValueError as error:  # such as the body of a loop
        raise ValueError(f"the operator {quoted(operator)} with {error}") from error
    return Node(operator, node.texts("input"), outputs[0], attributes)


def _read_attribute(content: memoryview) -> tuple[str, Attribute]:
    found = _attribute(content)
    name = found.text("name")
    value: Attribute
    match found.number("type"):
        case 1:
            (value,) = struct.unpack("<f", found.content("f"))
        case 2:
            value = found.number("i")
        case 3:
            value = bytes(found.content("s"))
        case 7:
            value = found.numbers("ints")
        case _:
            raise ValueError(f"an attribute {quoted(name)} that is no number and no text")
    return name, value


def _read_constant(content: memoryview) -> tuple[str, NDArray]:
    tensor = _tensor(content)
    name, dims, kind = tensor.text("name"), tensor.numbers("dims"), tensor.number("type")
    if kind not in _DTYPES:
        raise ValueError(f"a constant {quoted(name)} of type {kind}")
    raw = tensor.content("raw_data") if tensor.has("raw_data") else memoryview(b"")
    dtype = np.dtype(_DTYPES[kind])
    if len(dims) > MAX_AXES or min(dims, default=0) < 0:
        raise ValueError(f"a constant {quoted(name)} of {len(dims)} axes, or a size below 0")
    if math.prod(dims) * dtype.itemsize != len(raw):
        raise ValueError(f"a constant {quoted(name)} that the file does not hold whole")
    return name, np.frombuffer(raw, dtype).reshape(dims)


def _read_value(content: memoryview) -> Value:
    value = _value(content)
    name = value.text("name")
    tensor = _array(_type(value.content("type")).content("tensor"))
    if tensor.number("type") != FLOAT:
        raise ValueError(f"{quoted(name)} is not float32")
    sizes = map(_size, _shape(tensor.content("shape")).contents("dim"))
    return Value(name, tuple(size.number("value") if size.has("value") else None for size in sizes))

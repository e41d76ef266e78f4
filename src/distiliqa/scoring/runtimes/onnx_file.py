"""The part of an ONNX file that an export writes, read without running any of it.

An ONNX file is a protocol buffer (https://protobuf.dev/programming-guides/encoding) of the messages
in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The package onnx, which reads all of
it, is 20 MB with what it needs, and says nothing about what a model will do. Here only what an
exported network is made of is known, and all else is refused: subgraphs (of If, Loop and Scan),
functions, operators of other domains, tensors that lie outside of the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import quoted

MAX_NODES, MAX_FIELDS, MAX_NUMBERS, MAX_AXES = 10_000, 100_000, 64, 8
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
Attribute = int | float | bytes | tuple[int, ...]
Fields = Mapping[int, list[int | memoryview]]
# Numbers of fields by message. Names and documentation, which no runtime looks at, are left out.
_MODEL = {"graph": 7, "opset": 8}
_GRAPH = {"node": 1, "initializer": 5, "input": 11, "output": 12}
_NODE = {"input": 1, "output": 2, "operator": 4, "attribute": 5, "domain": 7}
_ATTRIBUTE = {"name": 1, "f": 2, "i": 3, "s": 4, "ints": 8, "type": 20}
_TENSOR = {"dims": 1, "data_type": 2, "name": 8, "raw_data": 9}
_SILENT = {
    "model": {1, 2, 3, 4, 5, 6, 14},
    "graph": {2, 10, 13, 16},
    "node": {3, 6, 9},
    "setting": {13},
    "tensor": {12, 16},
    "value": {3, 4},
}
_REFUSED = {
    ("model", 25): "functions",
    ("setting", 6): "a subgraph",
    ("tensor", 13): "constants outside of the file",
    ("tensor", 14): "constants outside of the file",
}


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
    constants : arrays by name; they are views of the file.
    """

    nodes: tuple[Node, ...]
    constants: dict[str, NDArray]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def read_graph(content: memoryview) -> Graph:
    """The graph of an ONNX file.

    Raises
    ------
    ValueError : the file is damaged, or holds something that no exported network has.
    """
    model = _fields(content, "model", _MODEL)
    versions = [_fields(_bytes(field), "opset", {"domain": 1, "version": 2}) for field in model[8]]
    if any(_text(field, 1) not in ("", "ai.onnx") for field in versions):
        raise ValueError("operators of another domain")
    if not all(MIN_OPSET <= _number(field, 2) <= MAX_OPSET for field in versions):
        raise ValueError(f"an operator set that is not of {MIN_OPSET} to {MAX_OPSET}")
    graph = _fields(_message(model, 7), "graph", _GRAPH)
    if len(graph[1]) > MAX_NODES:
        raise ValueError(f"more than {MAX_NODES} operators")
    constants = [_constant(_bytes(field)) for field in graph[5]]
    return Graph(
        tuple(_node(_bytes(field)) for field in graph[1]),
        dict(constants),
        tuple(_value(_bytes(field)) for field in graph[11]),
        tuple(_value(_bytes(field)) for field in graph[12]),
    )


def _node(content: memoryview) -> Node:
    node = _fields(content, "node", _NODE)
    operator = _text(node, 4)
    if _text(node, 7) not in ("", "ai.onnx"):
        raise ValueError("operators of another domain")
    outputs = [_decoded(field) for field in node[2]]
    if len(outputs) != 1:
        raise ValueError(f"a {quoted(operator)} with {len(outputs)} outputs")
    try:
        attributes = dict(_attribute(_bytes(field)) for field in node[5])
    except ValueError as error:  # such as the body of a loop
        raise ValueError(f"the operator {quoted(operator)} with {error}") from error
    return Node(operator, tuple(_decoded(field) for field in node[1]), outputs[0], attributes)


def _attribute(content: memoryview) -> tuple[str, Attribute]:
    found = _fields(content, "setting", _ATTRIBUTE)
    name, kind = _text(found, 1), _number(found, 20)
    value: Attribute
    match kind:
        case 1:
            (value,) = struct.unpack("<f", _message(found, 2))
        case 2:
            value = _number(found, 3)
        case 3:
            value = bytes(_message(found, 4))
        case 7:
            value = _numbers(found, 8)
        case _:
            raise ValueError(f"an attribute {quoted(name)} that is no number and no text")
    return name, value


def _constant(content: memoryview) -> tuple[str, NDArray]:
    tensor = _fields(content, "tensor", _TENSOR)
    name, dims, kind = _text(tensor, 8), _numbers(tensor, 1), _number(tensor, 2)
    if kind not in _DTYPES:
        raise ValueError(f"a constant {quoted(name)} of type {kind}")
    raw = _message(tensor, 9) if tensor[9] else memoryview(b"")
    dtype = np.dtype(_DTYPES[kind])
    if len(dims) > MAX_AXES or min(dims, default=0) < 0:
        raise ValueError(f"a constant {quoted(name)} of {len(dims)} axes, or a size below 0")
    if math.prod(dims) * dtype.itemsize != len(raw):
        raise ValueError(f"a constant {quoted(name)} that the file does not hold whole")
    return name, np.frombuffer(raw, dtype).reshape(dims)


def _value(content: memoryview) -> Value:
    value = _fields(content, "value", {"name": 1, "type": 2})
    kind = _fields(_message(value, 2), "type", {"tensor": 1})
    tensor = _fields(_message(kind, 1), "array", {"type": 1, "shape": 2})
    if _number(tensor, 1) != FLOAT:
        raise ValueError(f"{quoted(_text(value, 1))} is not float32")
    shape = _fields(_message(tensor, 2), "shape", {"dim": 1})
    sizes = [_fields(_bytes(field), "size", {"value": 1, "name": 2}) for field in shape[1]]
    return Value(_text(value, 1), tuple(_number(s, 1) if s[1] else None for s in sizes))


def _fields(content: memoryview, what: str, known: Mapping[str, int]) -> Fields:
    """The fields of a message by number, each with all its values, in their order."""
    found: dict[int, list[int | memoryview]] = {number: [] for number in known.values()}
    at = count = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        value: int | memoryview
        if wire == 0:
            value, at = _varint(content, at)
        else:
            length, at = _varint(content, at) if wire == 2 else ({1: 8, 5: 4}.get(wire, -1), at)
            value, at = content[at : at + length], at + length
            if length < 0 or at > len(content):
                raise ValueError(f"the {what} is cut short or damaged")
        count += 1
        if count > MAX_FIELDS:
            raise ValueError(f"a {what} of more than {MAX_FIELDS} parts")
        if number in found:
            found[number].append(value)
        elif number not in _SILENT.get(what, ()):
            name = _REFUSED.get((what, number), f"the field {number} in a {what}")
            raise ValueError(f"{name}, which no exported network has")
    return found


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A number of 64 bits in groups of seven, the lowest first, and the place behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(content):
            break
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number & (2**64 - 1), at
    raise ValueError("cut short or damaged")


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _one(fields: Fields, number: int) -> int | memoryview | None:
    """The only value of a field: where it stands twice, readers differ in what they take."""
    values = fields[number]
    if len(values) > 1:
        raise ValueError("something twice that stands once in an exported network")
    return values[0] if values else None


def _number(fields: Fields, number: int) -> int:
    value = _one(fields, number)
    if isinstance(value, memoryview):
        raise ValueError("damaged")
    return _signed(value or 0)


def _message(fields: Fields, number: int) -> memoryview:
    return _bytes(_one(fields, number))


def _bytes(value: int | memoryview | None) -> memoryview:
    if not isinstance(value, memoryview):
        raise ValueError("damaged, or something is missing")
    return value


def _text(fields: Fields, number: int) -> str:
    value = _one(fields, number)
    return "" if value is None else _decoded(value)


def _decoded(value: int | memoryview) -> str:
    return bytes(_bytes(value)).decode()


def _numbers(fields: Fields, number: int) -> tuple[int, ...]:
    """A list of numbers, each by itself or packed into one value."""
    found: list[int] = []
    for value in fields[number]:
        at = 0
        if isinstance(value, int):
            found.append(_signed(value))
        while isinstance(value, memoryview) and at < len(value):
            field, at = _varint(value, at)
            found.append(_signed(field))
            if len(found) > MAX_NUMBERS:
                raise ValueError(f"a list of more than {MAX_NUMBERS} numbers")
    return tuple(found)

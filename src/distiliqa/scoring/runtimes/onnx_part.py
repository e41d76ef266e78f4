"""The part of an ONNX file that some of its outputs need.

A runtime computes all outputs of a file, also where it is asked for a few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from distiliqa.scoring.runtimes.onnx_file import GRAPH_FIELDS, MODEL_FIELDS, Graph, read_graph
from distiliqa.scoring.runtimes.protobuf import fields, written


def part_of(content: bytes, outputs: Collection[str]) -> bytes:
    """Write the file again with these outputs, and without the operators that only others need.

    Raises
    ------
    ValueError
        See `distiliqa.scoring.runtimes.onnx_file.read_graph`.
    """
    view = memoryview(content)
    graph = read_graph(view)
    parts = []
    for number, value, whole in fields(view):
        if number == MODEL_FIELDS["graph"] and isinstance(value, memoryview):
            parts.append(written(number, b"".join(_kept(value, graph, outputs))))
        else:
            parts.append(bytes(whole))
    return b"".join(parts)


def _kept(content: memoryview, graph: Graph, outputs: Collection[str]) -> Iterator[memoryview]:
    """The fields of the graph that are needed; they stand in the order in which it was read."""
    needed = set(outputs)
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
    nodes, given = iter(graph.nodes), iter(graph.outputs)
    for number, _, whole in fields(content):
        if number == GRAPH_FIELDS["node"]:
            kept = next(nodes).output in needed
        else:
            kept = number != GRAPH_FIELDS["output"] or next(given).name in outputs
        if kept:
            yield whole

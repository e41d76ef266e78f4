"""How large the values of a network become, before it runs: the shape of each in turn.

A file of a kilobyte can ask for any amount of memory or time: constants that are repeated, columns
that meet rows, kernels as wide as their image. What each operator gives follows from the sizes of
its inputs, so all of it is known before anything is computed. For other operators than those of
exported networks there is no answer, and such a network is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import quoted
from distiliqa.scoring.runtimes.onnx_file import MAX_AXES, Graph, Node
from distiliqa.scoring.runtimes.onnx_operators import SHAPES, UNKNOWN, Shape, Step, followed

MAX_VALUES = 2**30  # a slice, all steps together; the published network has 2**28
MAX_PRODUCTS = 2**40  # a slice; the published network has 2**35
_MAX_KNOWN = 64  # a shape is no longer, and only shapes are followed


class Sizes:
    """The shapes of all values of a graph for ``count`` slices.

    Attributes
    ----------
    shapes : by the name of the value.
    values, products : how many numbers are computed, and multiplied with one another, in all.
    """

    def __init__(self, graph: Graph, count: int) -> None:
        self.values = self.products = 0
        self.shapes: dict[str, Shape] = {}
        self._known: dict[str, NDArray] = {}
        self._count = count
        for name, constant in graph.constants.items():
            self._enter(name, constant.shape, constant if constant.dtype == np.int64 else None)
        for name, sizes in graph.inputs:
            self._enter(name, tuple(count if size is None else size for size in sizes))
        for node in graph.nodes:
            self._run(node)

    def _run(self, node: Node) -> None:
        shape_of = SHAPES.get(node.operator)
        if shape_of is None:
            raise ValueError(f"the operator {quoted(node.operator)}, which no exported network has")
        try:
            shapes = [self.shapes[name] for name in node.inputs if name]
            step = Step(node, shapes, self._value)
            shape = shape_of(step)
        except UNKNOWN as error:
            raise ValueError(f"the sizes of a {node.operator} are unknown ({error})") from error
        self.products += step.products
        self._enter(node.output, shape, followed(step) if len(shape) == 1 else None)

    def _enter(self, name: str, shape: Sequence[int], known: NDArray | None = None) -> None:
        shape = tuple(map(int, shape))
        if name in self.shapes or not name:
            raise ValueError(f"the value {quoted(name)} twice, or without a name")
        if len(shape) > MAX_AXES or min(shape, default=0) < 0:
            raise ValueError(f"a value with {len(shape)} axes, or a size below 0")
        self.shapes[name] = shape
        self.values += math.prod(shape)
        if self.values > MAX_VALUES * self._count or self.products > MAX_PRODUCTS * self._count:
            raise ValueError("more computation than any exported network needs")
        if known is not None and known.size <= _MAX_KNOWN:
            self._known[name] = known

    def _value(self, name: str) -> NDArray:
        """What a value holds, where that follows from sizes and constants alone."""
        if name not in self._known:
            raise ValueError("they depend on pixels")
        return self._known[name]

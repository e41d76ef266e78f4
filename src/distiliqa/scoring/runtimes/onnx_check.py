"""``model.onnx`` of a model folder, which may be anybody's, checked before a runtime sees it.

A file of a kilobyte can ask for any amount of memory or time: constants that are repeated, columns
that meet rows, kernels as wide as their image. The size of each value follows from the sizes before
it, so all of them are known before anything is computed. A network with other operators than those
of exported networks is refused, for there the sizes are unknown.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import ModelFolderError, quoted
from distiliqa.models.config import DISTANCE, HEATMAP, INPUT, OUTPUT, PROCESSED, ModelConfig
from distiliqa.models.folder import ONNX, checked_file
from distiliqa.scoring.runtimes.onnx_file import MAX_AXES, Graph, Node, read_graph
from distiliqa.scoring.runtimes.onnx_operators import SHAPES
from distiliqa.scoring.runtimes.onnx_step import UNKNOWN, Shape, Step, followed

MAX_VALUES = 2**30  # a slice, all steps together; the published network has 2**28
MAX_PRODUCTS = 2**40  # a slice; the published network has 2**35
_MAX_KNOWN = 64  # a shape is no longer, and only shapes are followed
# Two numbers of slices: the larger one detects values that grow faster than their number.
_COUNTS = (2, 64)


def checked_network(folder: Path, config: ModelConfig) -> Path:
    """Return the path of ``model.onnx`` after a check that an export could have written it.

    Checked are the SHA-256, the operators (known ones, no loop), that all constants lie in the
    file, the sizes of all values (known and bounded), and that inputs and outputs are those of
    ``config.json``.

    Raises
    ------
    ModelFolderError
        A check fails.
    """
    path = checked_file(folder, ONNX, config)
    try:
        with path.open("rb") as file:  # the map stays as long as something refers to it
            graph = read_graph(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
        for count in _COUNTS:
            shapes = Sizes(graph, count).shapes
            found = {name: shapes[name] for name, _ in (*graph.inputs, *graph.outputs)}
            if any(shape[:1] != (count,) for shape in found.values()):
                raise ValueError("it does not take and give slices")
    except (ValueError, LookupError) as error:
        raise ModelFolderError(
            f"not a network that distiliqa exports ({error})",
            path=path,
            remedy="export it again with this version of distiliqa",
        ) from error
    check_shapes({name: list(shape[1:]) for name, shape in found.items()}, config, path)
    return path


def check_shapes(found: Mapping[str, list[Any]], config: ModelConfig, path: Path) -> None:
    """Compare the shapes of inputs and outputs, by name and without the batch, with ``config``.

    Raises
    ------
    ModelFolderError
        They differ.
    """
    size = config.image_size
    stated: dict[str, list[int]] = {INPUT: [1, size, size], OUTPUT: [config.outputs]}
    if config.domain is not None:
        stated[DISTANCE] = []
    if config.heatmap is not None:
        stated[HEATMAP] = list(config.heatmap)
    if config.processed:
        stated[PROCESSED] = []
    if found != stated:
        raise ModelFolderError(
            f"takes and gives {found}, not what config.json says",
            path=path,
            remedy="export the model again",
        )


class Sizes:
    """The shapes of all values of a graph for ``count`` slices.

    Attributes
    ----------
    shapes : dict[str, Shape]
        Shapes by the name of the value.
    values, products : number of values computed, and of multiplications, in all.
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
        self._enter(node.output, shape, followed(step, shape) if len(shape) <= 1 else None)

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
        """The content of a value that follows from sizes and constants alone."""
        if name not in self._known:
            raise ValueError("they depend on pixels")
        return self._known[name]

"""The shape that each operator of an exported network gives for the shapes of its inputs.

After https://onnx.ai/onnx/operators/. Each function raises one of `onnx_step.UNKNOWN` where the
inputs are not those of such an operator, or where the shape depends on pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest

import numpy as np

from distiliqa.scoring.runtimes.onnx_step import MAX_STEP, Shape, Step, cut, span

# fmt: off
_SAME = (
    "Abs", "BatchNormalization", "Cast", "CastLike", "Ceil", "Clip", "CumSum", "Erf", "Exp",
    "Floor", "Gelu", "Identity", "LayerNormalization", "Log", "Neg", "Not", "Reciprocal", "Relu",
    "Round", "Sigmoid", "Sign", "Softmax", "Sqrt", "Tanh",
)
_BROADCAST = (
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min",
    "Mod", "Mul", "Or", "Pow", "Sub", "Where",
)
# fmt: on


def _broadcast(step: Step) -> Shape:
    return np.broadcast_shapes(*step.shapes)


def _matmul(step: Step) -> Shape:
    (*first, m, inner), (*second, other, n) = _as_matrices(*step.shapes)
    if inner != other:
        raise ValueError(f"{inner} and {other}")
    whole = (*np.broadcast_shapes(tuple(first), tuple(second)), m, n)
    step.products = math.prod(whole) * inner
    # A vector on one side is a matrix that loses its axis again.
    lost = (len(step.shapes[0]) == 1, len(step.shapes[1]) == 1)
    kept = (() if lost[0] else (m,)) + (() if lost[1] else (n,))
    return (*whole[:-2], *kept)


def _as_matrices(first: Shape, second: Shape) -> tuple[Shape, Shape]:
    return (1, *first) if len(first) == 1 else first, (*second, 1) if len(second) == 1 else second


def _gemm(step: Step) -> Shape:
    first, second = step.shapes[:2]
    m, inner = first[::-1] if step.number("transA", 0) else first
    other, n = second[::-1] if step.number("transB", 0) else second
    if inner != other or np.broadcast_shapes((m, n), *step.shapes[2:]) != (m, n):
        raise ValueError(f"{inner} and {other}")
    step.products = m * n * inner
    return m, n


def _conv(step: Step) -> Shape:
    (count, channels, *image), (kinds, depth, *kernel) = step.shapes[:2]
    groups = step.number("group", 1)
    if not 1 <= groups <= MAX_STEP or channels != depth * groups or kinds % groups:
        raise ValueError("channels")
    shape = (count, kinds, *_windows(step, image, kernel))
    step.products = math.prod(shape) * depth * math.prod(kernel)
    return shape


def _pool(step: Step) -> Shape:
    count, channels, *image = step.shapes[0]
    shape = (count, channels, *_windows(step, image, step.steps("kernel_shape", (0, 0), 1)))
    step.products = math.prod(shape)
    return shape


def _windows(step: Step, image: Sequence[int], kernel: Sequence[int]) -> list[int]:
    """The number of places that a kernel has along each of the two axes of an image."""
    if len(image) != 2 or step.attribute("auto_pad", b"NOTSET") != b"NOTSET":
        raise ValueError("axes, or automatic padding")
    strides = step.steps("strides", (1, 1), 1)
    spread = step.steps("dilations", (1, 1), 1)
    pads = step.steps("pads", (0, 0, 0, 0), 0)
    rounded_up = step.number("ceil_mode", 0)
    places = []
    for size, side, stride, gap, before, after in zip(
        image, kernel, strides, spread, pads[:2], pads[2:], strict=True
    ):
        free = size + before + after - gap * (side - 1) - 1
        if free < 0 or not 1 <= side <= MAX_STEP:
            raise ValueError("a kernel larger than its image")
        places.append((free + (stride - 1 if rounded_up else 0)) // stride + 1)
    return places


def _reduced(step: Step) -> Shape:
    axes, shape = step.axes() or (), step.shapes[0]
    if not axes and not step.number("noop_with_empty_axes", 0):
        axes = tuple(range(len(shape)))
    gone = {range(len(shape))[axis] for axis in axes}
    keep = step.number("keepdims", 1)
    return tuple(
        1 if axis in gone else size for axis, size in enumerate(shape) if keep or axis not in gone
    )


def _reshaped(step: Step) -> Shape:
    asked, shape = step.known(1), step.shapes[0]
    if not step.number("allowzero", 0):
        asked = [shape[axis] if size == 0 else size for axis, size in enumerate(asked)]
    known = math.prod(size for size in asked if size != -1)
    if asked.count(-1) == 1 and known:
        asked[asked.index(-1)] = math.prod(shape) // known
    if math.prod(asked) != math.prod(shape):
        raise ValueError(f"{shape} as {asked}")
    return tuple(asked)


def _transposed(step: Step) -> Shape:
    order = step.node.attributes.get("perm")
    return step.ghost().transpose(order if isinstance(order, tuple) else None).shape


def _padded(step: Step) -> Shape:
    shape, pads = step.shapes[0], step.known(1)
    if len(pads) != 2 * len(shape) or not all(0 <= pad <= MAX_STEP for pad in pads) or step.has(3):
        raise ValueError(f"{shape} and {pads}")
    sides = zip(pads[: len(shape)], shape, pads[len(shape) :], strict=True)
    return tuple(map(sum, sides))


def _concatenated(step: Step) -> Shape:
    shape, axis = list(step.shapes[0]), step.number("axis", 0)
    shape[axis] = sum(sizes[axis] for sizes in step.shapes)
    for others in step.shapes:
        pairs = zip_longest(others, shape)
        if any(a != b for n, (a, b) in enumerate(pairs) if n != axis % len(shape)):
            raise ValueError(f"{others} and {shape}")
    return tuple(shape)


def _expanded(step: Step) -> Shape:
    return np.broadcast_shapes(step.shapes[0], tuple(step.known(1)))


def _gathered(step: Step) -> Shape:
    shape, axis = step.shapes[0], range(len(step.shapes[0]))[step.number("axis", 0)]
    return (*shape[:axis], *step.shapes[1], *shape[axis + 1 :])


def _shape_of_shape(step: Step) -> Shape:
    return (len(step.shapes[0][span(step)]),)


SHAPES: dict[str, Callable[[Step], Shape]] = {
    **dict.fromkeys(_SAME, lambda step: step.shapes[0]),
    **dict.fromkeys(_BROADCAST, _broadcast),
    **dict.fromkeys(("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum"), _reduced),
    "AveragePool": _pool,
    "Concat": _concatenated,
    "Conv": _conv,
    "Expand": _expanded,
    "Gather": _gathered,
    "GatherElements": lambda step: step.shapes[1],
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Pad": _padded,
    "Reshape": _reshaped,
    "Shape": _shape_of_shape,
    "Slice": lambda step: step.ghost()[cut(step)].shape,
    "Squeeze": lambda step: np.squeeze(step.ghost(), step.axes() or None).shape,
    "Transpose": _transposed,
    "Unsqueeze": lambda step: np.expand_dims(step.ghost(), step.axes() or ()).shape,
}

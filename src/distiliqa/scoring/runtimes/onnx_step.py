"""One operator of a network with the shapes of its inputs, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from distiliqa.scoring.runtimes.onnx_file import Attribute, Node

MAX_STEP = 4096  # of kernels, strides, paddings, dilations and groups
UNKNOWN = (LookupError, TypeError, OverflowError, ValueError, ZeroDivisionError)

Shape = tuple[int, ...]


class Step:
    """A node with the shapes of its inputs.

    Parameters
    ----------
    value : Callable[[str], ndarray]
        What a value of this name holds; `ValueError` where that depends on pixels.

    Attributes
    ----------
    products : how many numbers the operator multiplies with one another, once its shape is known.
    """

    def __init__(
        self, node: Node, shapes: Sequence[Shape], value: Callable[[str], NDArray]
    ) -> None:
        self.node, self.shapes, self.value, self.products = node, shapes, value, 0

    def attribute(self, name: str, default: Attribute) -> Attribute:
        """An attribute, of the type that its default has."""
        value = self.node.attributes.get(name, default)
        if type(value) is not type(default):
            raise TypeError(f"{name} is of another type")
        return value

    def number(self, name: str, default: int) -> int:
        """An attribute that is an integer."""
        value = self.attribute(name, default)
        assert isinstance(value, int)
        return value

    def steps(self, name: str, default: tuple[int, ...], least: int) -> tuple[int, ...]:
        """An attribute with as many integers as its default, none of them extreme."""
        value = self.attribute(name, default)
        assert isinstance(value, tuple)
        if len(value) != len(default) or not all(least <= n <= MAX_STEP for n in value):
            raise ValueError(name)
        return value

    def has(self, number: int) -> bool:
        """Whether the input is given."""
        return number < len(self.node.inputs) and self.node.inputs[number] != ""

    def known(self, number: int) -> list[int]:
        """The numbers that an input holds."""
        return self.value(self.node.inputs[number]).reshape(-1).tolist()

    def ghost(self, number: int = 0) -> NDArray:
        """An array with the shape of an input that takes no memory."""
        return np.broadcast_to(np.empty((), np.bool_), self.shapes[number])

    def axes(self) -> tuple[int, ...] | None:
        """The axes that an operator works on, from its second input or its attribute."""
        if self.has(1):
            return tuple(self.known(1))
        value = self.attribute("axes", ())
        assert isinstance(value, tuple)
        return value or None


def followed(step: Step, shape: Shape) -> NDArray | None:
    """Compute the value of an operator that works on shapes; None where it depends on pixels."""
    names, operator = step.node.inputs, step.node.operator
    if operator == "Shape":
        return np.array(step.shapes[0][span(step)], np.int64)
    try:
        if operator == "Concat":
            return np.concatenate([step.value(name) for name in names])
        if operator == "Slice":
            return step.value(names[0])[cut(step)]
        if operator in ("Identity", "Reshape", "Squeeze"):
            return step.value(names[0]).reshape(shape)
        if operator == "Mul":
            return step.value(names[0]) * step.value(names[1])
    except ValueError:
        return None
    return None


def span(step: Step) -> slice:
    """The axes that the operator Shape takes the sizes of."""
    end = step.node.attributes.get("end")
    return slice(step.number("start", 0), end if isinstance(end, int) else None)


def cut(step: Step) -> tuple[slice, ...]:
    """The part of each axis that the operator Slice keeps."""
    starts, ends = step.known(1), step.known(2)
    axes = step.known(3) if step.has(3) else list(range(len(starts)))
    steps = step.known(4) if step.has(4) else [1] * len(starts)
    cuts = [slice(None)] * len(step.shapes[0])
    for axis, start, end, stride in zip(axes, starts, ends, steps, strict=True):
        if stride < 1:
            raise ValueError("a step backwards")
        cuts[axis] = slice(start, end, stride)
    return tuple(cuts)

"""Arrays of NumPy and tensors of torch, which the physics takes alike.

A lower dose of one slice is computed with NumPy, in the core install. Batches, GPUs and faults need
torch, which has the same names and the same order of arguments for all that both are used for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array", NDArray[np.floating], "Tensor")


def namespace(array: NDArray[np.floating] | Tensor) -> Any:
    """The module that has the functions of an array: `numpy` or `torch`."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def like(values: NDArray[np.floating], array: Array) -> Array:
    """Convert values to the type of numbers of an array, and to its device."""
    if isinstance(array, np.ndarray):
        return values.astype(array.dtype)
    return namespace(array).from_numpy(values).to(array)


def kth_lowest(array: Array, count: int) -> Array:
    """The value along the last axis that is number ``count`` from below, from 1: (..., 1)."""
    if isinstance(array, np.ndarray):
        return np.partition(array, count - 1, -1)[..., count - 1 : count]
    return array.kthvalue(count, -1, keepdim=True).values


def neighbors(array: Array, reach: int, axis: int = -1) -> list[Array]:
    """The array shifted along an axis by ``-reach`` to ``reach``; its ends go on.

    Parameters
    ----------
    axis : negative.
    """

    def part(begin: int | None, end: int | None) -> tuple[Any, ...]:
        return (..., slice(begin, end), *(slice(None),) * (-1 - axis))

    first: Array = array[part(None, 1)]
    last: Array = array[part(-1, None)]
    wide = namespace(array).concatenate([*[first] * reach, array, *[last] * reach], axis)
    return [wide[part(k, k + array.shape[axis])] for k in range(2 * reach + 1)]

"""What NumPy and torch do alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distiliqa.simulate.arrays import kth_lowest, like, namespace, neighbors

VALUES = np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]], np.float32)
BOTH = pytest.mark.parametrize("array", [VALUES, torch.from_numpy(VALUES)], ids=["numpy", "torch"])


@BOTH
def test_values_get_the_type_of_an_array(array: np.ndarray | torch.Tensor) -> None:
    found = like(np.arange(3.0), array)
    assert type(found) is type(array)
    assert found.dtype == array.dtype
    assert found.tolist() == [0, 1, 2]
    assert namespace(array).exp(like(np.zeros(1), array)).tolist() == [1]


@BOTH
def test_values_are_counted_from_below(array: np.ndarray | torch.Tensor) -> None:
    assert kth_lowest(array, 1).tolist() == [[1], [4]]
    assert kth_lowest(array, 3).tolist() == [[3], [6]]
    assert array.tolist() == VALUES.tolist()


@BOTH
def test_ends_go_on(array: np.ndarray | torch.Tensor) -> None:
    left, same, right = neighbors(array, 1)
    assert left.tolist() == [[3, 3, 1], [6, 6, 5]]
    assert same.tolist() == VALUES.tolist()
    assert right.tolist() == [[1, 2, 2], [5, 4, 4]]
    assert neighbors(array, 2, axis=-2)[-1].tolist() == [[6, 5, 4], [6, 5, 4]]

"""Attributes: closeness to a best value at an end or in the middle of the scale."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.models.attributes import Attribute, closeness, scale_of

NOISE, CONTRAST = Attribute("noise", 1, 14, 7), Attribute("contrast", 1, 5, 5)


def test_the_best_value_is_one_and_the_furthest_end_zero() -> None:
    assert NOISE.closeness([1, 7, 14, 3.5]).tolist() == pytest.approx([1 / 7, 1, 0, 0.5])
    assert CONTRAST.closeness([1, 5, 3]).tolist() == pytest.approx([0, 1, 0.5])
    assert CONTRAST.closeness([-3, 9]).tolist() == [0, 1]
    assert (NOISE.rises, CONTRAST.rises, Attribute("a", 0, 1, 0).rises) == (None, True, False)


def test_several_at_once() -> None:
    found = closeness((NOISE, CONTRAST), [[7, 3], [14, 5]])
    np.testing.assert_allclose(found, [[1, 0.5], [0, 1]])
    assert scale_of((NOISE, CONTRAST)).meaning == (
        "mean closeness to their best of noise (1 to 14, best 7), contrast (1 to 5, best 5)"
    )


@pytest.mark.parametrize("numbers", [(1, 1, 1), (5, 1, 3), (1, 5, 6), (1, 5, float("nan"))])
def test_scales_that_make_no_sense(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(DistiliqaError, match="give NAME=LOW,HIGH,BEST"):
        Attribute("a", *numbers)

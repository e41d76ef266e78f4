from __future__ import annotations

import numpy as np
import pytest

from distiliqa.metrics.body_blocks import body_blocks, grown, opened, shrunk, spanned


def square(first: int, last: int, side: int = 16) -> np.ndarray:
    mask = np.zeros((side, side), bool)
    mask[first:last, first:last] = True
    return mask


@pytest.mark.parametrize(("shape", "side"), [((512, 512), 8), ((256, 320), 4), ((40, 40), 1)])
def test_blocks_are_means_over_parts_of_the_slice(shape: tuple[int, int], side: int):
    means, size = body_blocks(np.full(shape, -3024.0))
    assert size == side
    assert means.shape == (shape[0] // side, shape[1] // side)
    assert (means == -1000).all()


def test_what_lies_between_is_filled_and_what_lies_in_a_corner_is_not():
    ring = square(3, 13) & ~square(5, 11)
    assert (spanned(ring) == square(3, 13)).all()
    corner = np.zeros((4, 4), bool)
    corner[0], corner[:, 0] = True, True
    assert (spanned(corner) == corner).all()


def test_growing_and_shrinking_are_by_whole_blocks():
    assert (grown(square(4, 10)) == square(3, 11)).all()
    assert (shrunk(square(4, 10), 2) == square(6, 8)).all()
    assert not shrunk(np.ones((5, 5), bool), 1)[0].any()


def test_what_is_thin_is_removed():
    body = square(3, 9)
    table = body.copy()
    table[12:14] = True
    assert (opened(table) == body).all()

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from distiliqa.scoring.gaps import Gap, find_gaps

FOUR_SEVEN = [4] * 7 + [7] * 5


def found(spacings: list[float], thickness: list[float] | None = None) -> list[Gap]:
    positions = np.array(list(accumulate(spacings, initial=0.0)))
    return find_gaps(positions, thickness or [None] * len(positions))


@pytest.mark.parametrize(
    ("spacings", "thickness"),
    [
        ([4] * 6 + [5.5] + [7] * 4, FOUR_SEVEN),
        ([4] * 6 + [5.5] + [7] * 4, None),
        ([7, 7, 5.5, 4, 4, 4], [7] * 3 + [4] * 4),
        ([5] * 6 + [10] * 6, [5] * 13),
        ([10] * 6 + [2] * 20, None),
        ([1.25] * 20 + [3.1] + [5] * 10, None),
        ([2] * 10 + [3.5] + [5] * 8 + [7.5] + [10] * 8, None),
        ([0.7, 0.7, 0.6, 0.7, 0.8, 0.7], None),
        ([5] * 5 + [7.5, 10, 10], [5] * 6 + [10] * 3),
    ],
    ids=str,
)
def test_a_change_of_spacing_is_no_gap(spacings: list[float], thickness: list[float] | None):
    assert found(spacings, thickness) == []


def test_stacks_that_overlap_have_no_gap():
    assert found([5] * 5 + [2, 3] * 6 + [5] * 5) == []


@pytest.mark.parametrize(
    ("spacings", "thickness", "gaps"),
    [
        ([4] * 6 + [9.5] + [7] * 4, FOUR_SEVEN, [(24, 33.5, 1)]),
        ([4] * 6 + [5.5] + [7, 14, 7], FOUR_SEVEN[:11], [(36.5, 50.5, 1)]),
        ([4, 4, 8, 4, 4] + [5.5] + [7] * 5, [4] * 6 + [7] * 6, [(8, 16, 1)]),
        ([2.5] * 5 + [5] + [2.5] * 5, [5] * 12, [(12.5, 17.5, 1)]),
        ([3] * 5 + [6, 6] + [3] * 5, None, [(15, 21, 1), (21, 27, 1)]),
        ([3] * 3 + [30] + [3] * 3, None, [(9, 39, 9)]),
        ([9] + [3] * 5, None, [(0, 9, 2)]),
        ([5] * 5 + [10] + [5] * 3 + [2, 3] * 6, None, [(25, 35, 1)]),
    ],
    ids=str,
)
def test_a_gap_is_found_beside_any_spacing(
    spacings: list[float], thickness: list[float] | None, gaps: list[tuple[float, float, int]]
):
    assert found(spacings, thickness) == [Gap(*gap) for gap in gaps]


def test_every_second_slice_of_a_stretch_is_missing():
    assert sum(gap.slices for gap in found([3] * 5 + [6] * 4 + [3] * 5)) == 4


def test_numbers_that_no_scanner_writes_give_no_error():
    assert found([3, 3, 1e30, 3], [0, -1, 3, 3, 3])[0].slices == 20_000
    assert found([3, 3, 3], [1e-30] * 4) == []


def test_two_slices_show_no_spacing():
    assert found([50]) == found([]) == []

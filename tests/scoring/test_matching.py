from __future__ import annotations

import numpy as np
import pytest
from tests.support.made import made_slice

from distiliqa.ct import CTSlice
from distiliqa.scoring.matching import Names, Places, unlike_geometry


def at(position_mm: float | None, path: str = "a.dcm", frame: int = 0, **facts: object) -> CTSlice:
    hu = np.zeros((64, 64), np.float32)
    return made_slice(hu, path, frame=frame, position_mm=position_mm, **facts)


def test_positions_that_are_not_known_find_nothing():
    known, unknown = Places([at(0), at(3)], "p"), Places([at(None)], "p")
    assert (known.known, unknown.known) == (True, False)
    assert known.find(at(None)) is None
    assert unknown.find(at(0)) is None


@pytest.mark.parametrize(("position", "found"), [(-1.4, 0), (1.4, 0), (1.6, 3), (4.6, None)])
def test_the_nearest_within_half_a_spacing(position: float, found: float | None):
    nearest = Places([at(3), at(0)], "p").find(at(position))
    assert (nearest.position_mm if nearest else None) == found


def test_a_name_that_occurs_twice_says_nothing():
    slices = [at(None, "one/a.npy"), at(None, "two/a.npy"), at(None, "one/b.npy", frame=1)]
    names = Names(slices)
    assert names.find(at(None, "else/a.npy")) is None
    assert names.find(at(None, "else/b.npy", frame=1)) is slices[2]
    assert names.find(at(None, "else/b.npy", frame=0)) is None


def test_geometry_that_is_not_known_is_not_unlike():
    assert unlike_geometry(at(0), at(0, spacing_mm=(1, 1))) is None
    assert unlike_geometry(at(0, spacing_mm=(1, 1)), at(0, spacing_mm=(1, 1.0005))) is None
    difference = unlike_geometry(at(0, spacing_mm=(1, 1)), at(0, spacing_mm=(1, 2)))
    assert difference == "pixels of 1 x 2 mm, not 1 x 1"

from __future__ import annotations

import numpy as np
import pytest
from tests.support.made import made_slice, with_facts
from tools.model_check.stability import FLIPS, SHIFTS, averaged, shifted, without_table

from distiliqa.ct import Acquisition, CTSlice


@pytest.fixture
def hu() -> np.ndarray:
    return np.arange(32 * 40, dtype=np.float32).reshape(32, 40)


@pytest.mark.parametrize(("rows", "columns"), [(3, 0), (-3, 0), (0, 5), (0, -5), (2, -4), (0, 0)])
def test_a_shift_moves_and_fills_with_air(hu: np.ndarray, rows: int, columns: int):
    padded = np.pad(hu, 8, constant_values=-1000)
    assert (shifted(hu, rows, columns) == padded[8 - rows :, 8 - columns :][:32, :40]).all()


def test_flips_and_shifts_do_what_their_names_say(hu: np.ndarray):
    assert (FLIPS["rows flipped"](hu)[0] == hu[-1]).all()
    assert (FLIPS["columns flipped"](hu)[:, 0] == hu[:, -1]).all()
    assert FLIPS["both flipped"](hu)[0, 0] == hu[-1, -1]
    assert SHIFTS["10 pixels up"](hu)[0, 0] == hu[10, 0]
    assert SHIFTS["10 pixels down"](hu)[10, 0] == hu[0, 0]
    assert SHIFTS["10 pixels left"](hu)[0, 0] == hu[0, 10]
    assert SHIFTS["10 pixels right"](hu)[0, 10] == hu[0, 0]


def test_the_table_goes_and_the_body_stays():
    slab = np.full((128, 128), -1000, np.float32)
    slab[30:90, 20:100] = 40
    lying = slab.copy()
    lying[100:103] = 100
    assert (without_table(lying)[100:103] == -1000).all()
    assert (without_table(lying) == slab).mean() > 0.99


def series(name: str, thickness: float | None, *positions: float) -> list[CTSlice]:
    made = Acquisition(slice_thickness_mm=thickness)
    return [
        made_slice(np.full((2, 2), z, np.float32), series=name, position_mm=z, acquisition=made)
        for z in positions
    ]


def test_adjacent_slices_are_averaged_to_5_mm():
    slices = series("a", 1.25, *np.arange(9) * 1.25)
    runs = [(tuple(ct.position_mm for ct in run), mean) for run, mean in averaged(slices)]
    assert [places for places, _ in runs] == [(0, 1.25, 2.5, 3.75), (5, 6.25, 7.5, 8.75)]
    mean = runs[0][1]
    assert (mean.acquisition.slice_thickness_mm, mean.hu[0, 0]) == (5, 1.875)
    assert mean.hu.dtype == np.float32


def test_slices_with_a_gap_or_of_two_series_are_not_averaged():
    assert not list(averaged(series("a", 1.25, 0, 3.2, 6.4)))
    assert not list(averaged(series("a", 3, 0) + series("b", 3, 2.5)))
    assert not list(averaged(series("a", None, 0, 2.5)))
    assert not list(averaged([with_facts(ct, position_mm=None) for ct in series("a", 3, 0, 2.5)]))
    assert not list(averaged(series("a", 5, 0, 5, 10)))
    assert [len(run) for run, _ in averaged(series("a", 3, 0, 2.5, 9, 11.5))] == [2, 2]

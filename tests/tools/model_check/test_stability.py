from __future__ import annotations

import numpy as np
import pytest
from tools.model_check.stability import FLIPS, SHIFTS, cuts_body, stability, without_table
from tools.model_check.subject import Subject

from distiliqa.simulate.patient import shifted


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
    assert shifted(hu, *SHIFTS["10 pixels up"])[0, 0] == hu[10, 0]
    assert shifted(hu, *SHIFTS["10 pixels right"])[0, 10] == hu[0, 0]


def test_the_table_goes_and_the_body_stays():
    slab = np.full((128, 128), -1000, np.float32)
    slab[30:90, 20:100] = 40
    lying = slab.copy()
    lying[100:103] = 100
    assert (without_table(lying)[100:103] == -1000).all()
    assert (without_table(lying) == slab).mean() > 0.99


def test_a_shift_that_cuts_the_body_is_noticed():
    slab = np.full((128, 128), -1000, np.float32)
    slab[5:90, 20:100] = 40
    assert cuts_body(slab, -10, 0)
    assert not cuts_body(slab, 10, 0)


def test_flips_and_shifts_have_lines_of_their_own(subject: Subject):
    section = stability(subject)
    assert [row["n"] for row in section.lines] == [9, 9, 12, 12]
    names = [row["change"] for row in section.tables[1]]
    assert "table taken away" in names
    assert not any("body cut" in name for name in names)

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.ct.dicom.frame import fill_padding, padding_mask


@pytest.fixture
def tissue() -> np.ndarray:
    """Whole HU of air and of water with noise, which reaches the right edge. (64, 64)."""
    hu = np.random.default_rng(0).normal(0, 10, (64, 64)).round().astype(np.float32)
    hu[:, :20] -= 1000
    return hu


def outside_of_a_circle(size: int = 64) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.hypot(x, y) > size / 2


@pytest.mark.parametrize(("first", "last"), [(-2000, -2000), (63536, 63536), (-1990, -2010)])
def test_padding_is_found_whatever_its_sign_or_order(first, last):
    stored = np.array([-2001, -2000, -1999, 0], dtype=np.int16)
    mask = padding_mask(stored, first, last)
    assert mask[1]
    assert mask.tolist() == ([True] * 3 + [False] if first != last else [False, True, False, False])


def test_padding_of_an_unsigned_image_may_be_written_signed():
    assert padding_mask(np.array([63536], dtype=np.uint16), -2000, -2000).all()


@pytest.mark.parametrize("value", [10**30, -(10**30)])
def test_padding_of_any_size_is_taken_modulo_the_stored_type(value):
    stored = np.arange(-32768, 32768, dtype=np.int16).reshape(256, 256)
    assert padding_mask(stored, value, value).sum() == 1


def test_padding_below_tissue_is_air_wherever_it_lies(tissue):
    tissue[40:50, 40:50] = -1024
    hu = tissue.copy()
    assert fill_padding(hu, hu.astype(np.int16), (-1024, -1024)) == ()
    np.testing.assert_array_equal(hu, np.where(tissue == -1024, -1000, tissue))


def test_padding_that_tissue_has_makes_no_holes(tissue):
    hu = tissue.copy()
    (note,) = fill_padding(hu, hu.astype(np.int16), (0, 0))
    np.testing.assert_array_equal(hu, tissue)
    assert note == f"{(tissue == 0).sum()} pixels of 0 HU are declared as padding: taken as tissue"


def test_what_lies_outside_the_field_of_view_is_air_whatever_its_value(tissue):
    hu, outside = tissue.copy(), outside_of_a_circle()
    hu[outside] = 0
    air, inside = fill_padding(hu, hu.astype(np.int16), (0, 0))
    assert (hu[outside] == -1000).all()
    changed = ~outside & (hu != tissue)
    assert changed.sum() <= 5  # that are 0 by chance beside the padding
    assert air == (
        f"{outside.sum() + changed.sum()} pixels of 0 HU are declared as padding: taken as air"
    )
    assert inside.endswith("taken as tissue")


def test_a_padding_range_takes_air_and_leaves_tissue(tissue):
    hu = tissue.copy()
    (note,) = fill_padding(hu, hu.astype(np.int16), (-1100, 5))
    assert (hu[:, :20] == -1000).all()
    np.testing.assert_array_equal(hu[:, 20:], tissue[:, 20:])
    assert "HU are declared as padding: taken as tissue" in note
    assert f"of {tissue[:, 20:].min():g} to 5 HU" in note


@pytest.mark.parametrize("turns", range(4))
def test_padding_reaches_any_edge(tissue, turns):
    hu = tissue.copy()
    hu[:, -9:] = 0
    hu = np.ascontiguousarray(np.rot90(hu, turns))
    fill_padding(hu, hu.astype(np.int16), (0, 0))
    assert (np.rot90(hu, -turns)[:, -9:] == -1000).all()

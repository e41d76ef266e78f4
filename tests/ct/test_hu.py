from __future__ import annotations

import numpy as np
import pytest

from distiliqa.ct.hu import check_dtype, checked, rescale
from distiliqa.errors import CTReadError, NotCTError


def test_rescale_is_exact_for_16_bit_values():
    stored = np.arange(-32768, 32768, dtype=np.int16)
    np.testing.assert_array_equal(rescale(stored, 1, -1024), stored.astype(np.float32) - 1024)


@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", "f4"])
@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (3, 2.5), (255, 7), (0.1, -8192)])
def test_rescaling_rounds_once_at_most(dtype: str, slope: float, intercept: float):
    stored = np.array([[0, 1, 12345, 32767]]).astype(dtype)
    exact = (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    np.testing.assert_array_equal(rescale(stored, slope, intercept), exact)


def test_air_noise_stays_and_what_lies_outside_the_field_of_view_becomes_air():
    hu = np.full((32, 32), 40.0)
    hu[0, :3] = [-1499, -1501, -3024]
    np.testing.assert_array_equal(checked(hu, path="a")[0, :3], [-1499, -1000, -1000])


def test_air_that_lies_too_low_is_not_filled():
    air = np.random.default_rng(0).normal(-2024, 8, (64, 64)).round().astype(np.float32)
    air[20:40, 20:40] = -974
    assert checked(air, path="a") is air
    air[:, :8] = -3024
    assert checked(air, path="a") is air


def test_few_values_below_all_air_are_a_filling():
    hu = np.random.default_rng(0).normal(-1000, 8, (64, 64))
    hu[:, :20], hu[:, -20:] = -3024, -2000
    assert checked(hu, path="a").min() > -1100


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(bad):
    hu = np.zeros((32, 32))
    hu[3, 3] = bad
    with pytest.raises(CTReadError, match=r"a: holds nan or infinite values; replace them"):
        checked(hu, path="a")


def test_the_input_is_left_as_it_is():
    hu = np.full((32, 32), -2000, dtype=np.float32)
    checked(hu, path="a")
    assert (hu == -2000).all()


@pytest.mark.parametrize("dtype", ["uint8", "bool", "complex64", "O", "U3"])
def test_types_that_hold_no_hu_are_refused(dtype):
    with pytest.raises(NotCTError, match=r"hold no HU; save HU as float32"):
        check_dtype(np.dtype(dtype), path="a")


@pytest.mark.parametrize("dtype", ["int16", "uint16", "float16", "float32", ">i4", "float64"])
def test_types_that_hold_hu_are_taken(dtype):
    check_dtype(np.dtype(dtype), path="a")

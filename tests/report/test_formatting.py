from __future__ import annotations

from distiliqa.report.formatting import interval_told, number_told, slices_told


def test_numbers_have_the_digits_asked_for():
    assert number_told(1.005, 1) == "1.0"
    assert number_told(2, 2) == "2.00"
    assert interval_told((-0.125, 2.5)) == "-0.12 to 2.50"


def test_what_is_not_known_is_empty():
    assert number_told(None, 2) == interval_told(None) == ""


def test_one_slice_is_not_slices():
    assert [slices_told(count) for count in (0, 1, 2)] == ["0 slices", "1 slice", "2 slices"]

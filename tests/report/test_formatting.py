from __future__ import annotations

from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.report.columns import slice_columns
from distiliqa.report.formatting import (
    digits_for,
    fact_text,
    interval_text,
    number_text,
    p_text,
    protocol,
    scanner,
    signed_text,
    slice_count,
)


def fact(name: str, *acquisitions: Acquisition) -> str:
    (column,) = slice_columns(name)
    slices = [made_score(acquisition=acquisition) for acquisition in acquisitions]
    return fact_text(slices, column)


def test_no_p_value_is_printed_as_zero():
    assert [p_text(p) for p in (1.0, 0.0156, 0.0002)] == ["1.00", "0.016", "< 0.001"]


def test_numbers_have_the_digits_asked_for():
    assert number_text(1.005, 1) == "1.0"
    assert number_text(2, 2) == "2.00"
    assert interval_text((-0.125, 2.5)) == "-0.12 to 2.50"


def test_a_difference_that_rounds_to_zero_has_no_sign():
    assert (signed_text(0.126, 2), signed_text(-0.126, 2)) == ("+0.13", "-0.13")
    assert signed_text(-0.004, 2) == signed_text(0.0, 2) == signed_text(0.004, 2) == "0.00"


def test_small_values_get_the_digits_that_they_need():
    assert digits_for([0.3, -1.2], 1) == 1
    assert digits_for([0.3, -0.0042], 1) == 3
    assert digits_for([0.3, 0.0], 2) == 2
    assert digits_for([0.3, 1e-9], 2) == 2


def test_what_is_not_known_is_empty():
    assert number_text(None, 2) == interval_text(None) == ""


def test_one_slice_is_not_slices():
    assert [slice_count(count) for count in (0, 1, 2)] == ["0 slices", "1 slice", "2 slices"]


def test_a_fact_of_several_slices_is_a_range_or_the_words_there_are():
    made = [
        Acquisition(exposure_mas=120.0, ctdivol_mgy=1 / 3, kernel="B30f"),
        Acquisition(exposure_mas=80.5, ctdivol_mgy=1 / 3, kernel="B10f"),
        Acquisition(kernel="B10f"),
    ]
    assert fact("exposure_mas", *made) == "80.5 to 120"
    assert fact("ctdivol_mgy", *made) == "0.33"
    assert fact("kernel", *made) == "B10f, B30f"
    assert fact("scanner", *made) == ""


def test_of_many_words_three_are_named():
    assert fact("kernel", *(Acquisition(kernel=name) for name in "EDCBA")) == "A, B, C and 2 more"


def test_a_protocol_is_what_the_header_gives():
    full = Acquisition(kvp=120.0, kernel="Br40d\\3", slice_thickness_mm=1.25)
    assert protocol(full) == "120 kV, Br40d\\3, 1.25 mm"
    assert protocol(Acquisition(kernel="B30f")) == "B30f"
    assert protocol(Acquisition()) == ""


def test_a_scanner_is_known_by_its_model():
    assert scanner(Acquisition(manufacturer="ACME", scanner="One")) == "One"
    assert scanner(Acquisition(manufacturer="ACME")) == "ACME"
    assert scanner(Acquisition()) == ""


def test_what_a_terminal_would_obey_is_escaped():
    assert fact("kernel", Acquisition(kernel="\x1b[31m")) == "\\x1b[31m"

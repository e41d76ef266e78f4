from __future__ import annotations

from distiliqa.ct import Acquisition
from distiliqa.report.facts import protocol, scanner, told


def test_a_fact_of_several_slices_is_a_range_or_the_words_there_are():
    slices = [
        Acquisition(exposure_mas=120.0, ctdivol_mgy=1 / 3, kernel="B30f"),
        Acquisition(exposure_mas=80.5, ctdivol_mgy=1 / 3, kernel="B10f"),
        Acquisition(kernel="B10f"),
    ]
    assert told(slices, "exposure_mas") == "80.5 to 120"
    assert told(slices, "ctdivol_mgy") == "0.33"
    assert told(slices, "kernel") == "B10f, B30f"
    assert told(slices, "scanner") == ""


def test_many_words_are_not_all_told():
    slices = [Acquisition(kernel=name) for name in "EDCBA"]
    assert told(slices, "kernel") == "A, B, C and 2 more"


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
    assert told([Acquisition(kernel="\x1b[31m")], "kernel") == "\\x1b[31m"

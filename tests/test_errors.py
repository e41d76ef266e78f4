from __future__ import annotations

from distiliqa.errors import DistiliqaError, one_line


def test_an_error_is_one_line_that_keeps_the_name_of_the_file():
    error = DistiliqaError("cut\n  short", path="a  b\n\x1b[31m.dcm", remedy="copy it again")
    assert str(error) == "a  b\\n\\x1b[31m.dcm: cut short; copy it again"
    assert error.reason == "cut short; copy it again"


def test_what_can_be_printed_stays():
    assert one_line("Schädel 日本 …") == "Schädel 日本 …"

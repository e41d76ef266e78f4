from __future__ import annotations

import pytest

from distiliqa.errors import DistiliqaError, one_line, without_paths


def test_an_error_is_one_line_that_keeps_the_name_of_the_file():
    error = DistiliqaError("cut\n  short", path="a  b\n\x1b[31m.dcm", remedy="copy it again")
    assert str(error) == "a  b\\n\\x1b[31m.dcm: cut short; copy it again"
    assert error.reason == "cut short; copy it again"


def test_what_can_be_printed_stays():
    assert one_line("Schädel 日本 …") == "Schädel 日本 …"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/in/DOE JANE/IM1: cut short", "a file: cut short"),
        ("a copy of /other/DOE JANE/IM1", "a copy of a file"),
        ("file 'C:\\DOE JANE\\IM1' and IM1", "file 'a file' and a file"),
        ("IM12 of 1 and/or IM1", "IM12 of 1 and/or a file"),
    ],
)
def test_a_text_without_paths_names_no_folder_either(text: str, told: str):
    assert without_paths(text, ["/in/DOE JANE/IM1", ""]) == told

from __future__ import annotations

import pytest

from distiliqa.errors import (
    MAX_PROBLEM,
    MAX_QUOTED,
    DistiliqaError,
    one_line,
    quoted,
    without_paths,
)


def test_an_error_is_one_line_that_keeps_the_name_of_the_file():
    error = DistiliqaError("cut\n  short", path="a  b\n\x1b[31m.dcm", remedy="copy it again")
    assert str(error) == "a  b\\n\\x1b[31m.dcm: cut short; copy it again"
    assert error.reason == "cut short; copy it again"
    assert str(DistiliqaError("not kept", path="")) == "not kept"  # of an array


def test_what_can_be_printed_stays():
    assert one_line("Schädel 日本 …") == "Schädel 日本 …"


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("/in/DOE JANE/IM1: cut short", "a file: cut short"),
        ("a copy of /other/DOE JANE/IM1", "a copy of a file"),
        ("file 'C:\\DOE JANE\\IM1' and IM1", "file 'a file' and a file"),
        ("IM12 of 1 and/or IM1", "IM12 of 1 and/or a file"),
        ("/a of 1/2\n(/b and/IM1) or IM1 of /c", "/a of 1/2\n(a file) or a file of /c"),
        ("/a/IM1/b/IM1 and c/IM1", "a file/b/a file and c/a file"),
    ],
)
def test_a_text_without_paths_names_no_folder_either(text: str, replaced: str):
    assert without_paths(text, ["/in/DOE JANE/IM1", ""]) == replaced


@pytest.mark.parametrize("many", [("/", 500_000), ("/a ", 200_000)])
@pytest.mark.parametrize(
    ("end", "kept", "added"), [("", True, ""), ("/IM1", False, "a file"), (" IM1", True, " a file")]
)
def test_many_slashes_are_looked_at_once(many: tuple[str, int], end: str, kept: bool, added: str):
    """With a look from each slash to the end this would take hours."""
    part, count = many
    found = without_paths(part * count + end, ["/in/IM1"])
    assert len(found) == kept * count * len(part) + len(added)
    assert found.endswith(added)


def test_an_error_repeats_no_more_of_a_value_than_helps():
    assert quoted("short") == "'short'"
    for long in ("x" * 100_000, b"x" * 100_000, list(range(1000)), 10**200):
        assert len(quoted(long)) == MAX_QUOTED
    error = DistiliqaError("y" * 100_000, path="a.dcm", remedy="copy it again")
    assert error.reason == f"{'y' * (MAX_PROBLEM - 1)}…; copy it again"

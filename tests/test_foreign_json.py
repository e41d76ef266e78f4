"""JSON of other people: read whatever the editor, refused in one line where wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from distiliqa.errors import MAX_QUOTED, DistiliqaError
from distiliqa.foreign_json import MAX_DEPTH, MAX_DIGITS, from_json, parse_json, read_json


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_read_as_editors_save_it(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.json").write_text('{"Schädel": 1}', encoding)
    assert read_json(tmp_path / "a.json") == {"Schädel": 1}


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match=r"b\.json: no such file; check the path"):
        read_json(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 2}', "the name 'a' stands twice"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
        ("[" * 100_000, f"nested more than {MAX_DEPTH} deep"),
        ("[" * (MAX_DEPTH + 1) + "0" + "]" * (MAX_DEPTH + 1), "nested more than"),
        ('{"a":' * 200 + "0" + "}" * 200, "nested more than"),
        ("9" * 5000, "a number of 5000 digits"),
        ("NaN", "NaN is not a finite number"),
        ("[-Infinity]", "-Infinity is not a finite number"),
        ("1e999", "'1e999' is not a finite number"),
        ("1" * 5000 + "e9", "is not a finite number"),
    ],
)
def test_json_that_is_wrong_is_one_short_line(text: str, words: str) -> None:
    with pytest.raises(DistiliqaError, match=words) as error:
        parse_json(text, "a.json")
    line = str(error.value)
    assert line.startswith("a.json: not readable as JSON (")
    assert line.endswith("; correct it, or save it again as UTF-8")
    assert len(line) < 100 + MAX_QUOTED


def test_json_that_is_right_is_as_python_reads_it() -> None:
    nested = "[" * MAX_DEPTH + "0" + "]" * MAX_DEPTH
    for text in (nested, '{"a": [1, -0.5e-3, null, true, "\\ud800"]}', "9" * MAX_DIGITS):
        assert parse_json(text, None) == json.loads(text)
        assert parse_json(text.encode("utf-8-sig"), None) == json.loads(text)


@dataclass
class Inner:
    number: float
    count: int = 1


@dataclass
class Outer:
    inner: Inner | None = None
    pair: tuple[int, int] = (0, 0)
    kind: Literal["a", "b"] = "a"
    texts: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    flag: bool = False


def test_what_fits_is_taken_and_integers_are_numbers() -> None:
    content = {"inner": {"number": 2}, "pair": [1, 2], "kind": "b", "texts": {"x": "y"}}
    found = from_json(Outer, content | {"facts": {"z": [None]}, "flag": True})
    assert found == Outer(Inner(2.0), (1, 2), "b", {"x": "y"}, {"z": [None]}, True)
    assert found.inner is not None
    assert type(found.inner.number) is float
    assert from_json(Outer, {"inner": None}) == Outer()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "it is .., not an object"),
        ({"other": 1}, "'other' is unknown"),
        ({"inner": 1}, "inner is 1, not an object"),
        ({"inner": {}}, "missing 1 required"),
        ({"inner": {"number": True}}, "number is True, not float"),
        ({"inner": {"number": 1, "count": 1.0}}, "count is 1.0, not int"),
        ({"inner": {"number": "x" * 10**6}}, "number is 'x"),
        ({"pair": [1]}, r"pair is \[1\], not tuple"),
        ({"kind": "c"}, "kind is 'c', not Literal"),
        ({"texts": {"x": 1}}, r"texts\.x is 1, not str"),
        ({"flag": 1}, "flag is 1, not bool"),
        ({"flag": None}, "flag is None, not bool"),
    ],
)
def test_what_does_not_fit_is_named(content: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words) as error:
        from_json(Outer, content)
    assert len(str(error.value)) < 150

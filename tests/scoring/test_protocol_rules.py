from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from distiliqa.ct import Acquisition, SliceInfo
from distiliqa.ct.header_facts import Identification
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.protocol_rules import read_protocol_rules


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "rules.csv"
    path.write_text(text, encoding)
    return path


def scan(description: str | None = None, body: str | None = None, kernel: str | None = None):
    return [
        SliceInfo(),  # states nothing
        SliceInfo(
            acquisition=Acquisition(body_part=body, kernel=kernel),
            identification=Identification(series_description=description),
        ),
    ]


def test_the_first_rule_of_which_all_expressions_match_wins(tmp_path: Path):
    table = (
        "standard_name,series_description,body_part,kernel\n"
        "liver,venous,abd,\n"
        ",,,\n"
        "abdomen,,^ABDOMEN$,Br4|B30\n"
        "rest,,.*,\n"
    )
    rules = read_protocol_rules(written(tmp_path, table))
    assert rules.sha256 == hashlib.sha256((tmp_path / "rules.csv").read_bytes()).hexdigest()
    assert rules.name_of(scan("Abd Venous 3.0", "abdomen", "B30f")) == "liver"
    assert rules.name_of(scan("arterial", "abdomen", "B30f")) == "abdomen"
    assert rules.name_of(scan("arterial", "abdomen", "B70f")) == "rest"
    assert rules.name_of(scan()) == "rest"


def test_no_rule_gives_no_name(tmp_path: Path):
    rules = read_protocol_rules(written(tmp_path, "standard_name,kernel\nsoft,B30\n"))
    assert rules.name_of(scan(kernel="B70f")) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_of_spreadsheets_are_read(tmp_path: Path, encoding: str):
    rules = read_protocol_rules(written(tmp_path, "standard_name;kernel\nsoft;B3,?0\n", encoding))
    assert rules.name_of(scan(kernel="B30f")) == "soft"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("standard_name,kernel\nsoft,B30\nhard,B(70\n", r"line 3, kernel: 'B\(70' is no regular"),
        ("standard_name,kernel\n,B30\n", "line 2 has no standard name"),
        ("standard_name,kernel\nsoft,\n", "line 2 has no expression"),
        ("standard_name,kernels\nsoft,B30\n", "the first line names the columns"),
        ("kernel\nB30\n", "the first line names the columns"),
        ("standard_name,kernel,kernel\nsoft,B30,B40\n", "the first line names the columns"),
        ("standard_name,kernel\n", "holds no rule"),
        ("", "the first line names the columns"),
    ],
)
def test_a_faulty_table_is_one_line_that_names_file_and_line(
    tmp_path: Path, table: str, problem: str
):
    path = written(tmp_path, table)
    with pytest.raises(DistiliqaError, match=problem) as raised:
        read_protocol_rules(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)

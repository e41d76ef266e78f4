"""The CSV file of dose pairs."""

from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.pairs import read_pairs


def written(folder: Path, *lines: str, header: str = "full,low,case,low_dose") -> Path:
    path = folder / "pairs.csv"
    path.write_text("\n".join((header, *lines)) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/full/1.IMA", "a/low/1.IMA", "b/full/1.dcm", "b/low/1.dcm"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_reads_pairs_relative_to_the_csv_file(folder: Path) -> None:
    lines = ("a/full/1.IMA,a/low/1.IMA,A,0.25", f"{folder}/b/full/1.dcm,b/low/1.dcm,B,0.1")
    pairing = read_pairs(written(folder, *lines))
    first, second = pairing.pairs
    assert (first.full, first.low) == (folder / "a/full/1.IMA", folder / "a/low/1.IMA")
    assert (first.case, first.low_dose, second.case, second.low_dose) == ("A", 0.25, "B", 0.1)
    assert pairing.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_list_may_begin_with_a_byte_order_mark(folder: Path, encoding: str) -> None:
    path = written(folder, "a/full/1.IMA,a/low/1.IMA,A,0.25")
    path.write_text(path.read_text(), encoding)
    assert [pair.case for pair in read_pairs(path).pairs] == ["A"]


def test_each_pair_has_a_place_of_its_own(folder: Path) -> None:
    lines = ("a/full/1.IMA,a/low/1.IMA,A,0.25", "b/full/1.dcm,b/low/1.dcm,B,0.1")
    first, second = read_pairs(written(folder, *lines)).pairs
    assert (first.place, first.name) == (Path("a/full"), "1.IMA.dcm")
    assert (second.place, second.name) == (Path("b/full"), "1.dcm")


def test_a_line_that_ends_early_is_named(folder: Path) -> None:
    path = written(folder, "0.25,a/low/1.IMA", header="low_dose,low,case,full")
    with pytest.raises(DistiliqaError, match="line 2: full is empty"):
        read_pairs(path)


def test_two_pairs_whose_mixed_doses_would_be_one_file_are_refused(folder: Path) -> None:
    (folder / "b" / "full" / "1").touch()
    lines = ("b/full/1,b/low/1.dcm,B,0.1", "b/full/1.dcm,b/low/1.dcm,B,0.1")
    with pytest.raises(DistiliqaError, match=r"doses of 1\.dcm and 1 would be one file; rename"):
        read_pairs(written(folder, *lines))
    lines = ("b/full/1.dcm,b/low/1.dcm,B,0.1", "b/full/../full/1.dcm,b/low/1.dcm,B,0.1")
    with pytest.raises(DistiliqaError, match="stands in line 2 too"):
        read_pairs(written(folder, *lines))


def test_columns_may_come_in_any_order_with_others(folder: Path) -> None:
    header = "z, low_dose, low, case, full"
    (pair,) = read_pairs(written(folder, "3, 0.1, b/low/1.dcm, B, b/full/1.dcm", header=header))[0]
    assert (pair.case, pair.low_dose, pair.full.name) == ("B", 0.1, "1.dcm")


def test_a_missing_file_is_a_problem_not_the_end(folder: Path) -> None:
    lines = ("a/full/1.IMA,a/low/2.IMA,A,0.25", "b/full/1.dcm,b/low/1.dcm,B,0.1")
    pairing = read_pairs(written(folder, *lines))
    assert [pair.case for pair in pairing.pairs] == ["B"]
    assert pairing.problems == ((str(folder / "a/low/2.IMA"), "no such file"),)


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (("a/full/1.IMA,a/low/1.IMA,A,25%",), "line 2: low_dose is '25%'"),
        (("a/full/1.IMA,a/low/1.IMA,A,1.5",), "line 2: low_dose is '1.5'"),
        (("a/full/1.IMA,a/low/1.IMA,A,nan",), "line 2: low_dose is 'nan'"),
        (("b/full/1.dcm,b/low/1.dcm,B,0.1", "a/full/1.IMA,,A,0.1"), "line 3: low is empty"),
        (("a/full/1.IMA,a/low/1.IMA",), "line 2: case is empty"),
        (
            ("b/full/1.dcm,b/low/1.dcm,B,0.1", "b/full/1.dcm,a/low/1.IMA,B,0.2"),
            "line 3: b/full/1.dcm stands in line 2 too",
        ),
        ((), "holds no pairs"),
    ],
)
def test_a_wrong_line_is_named(folder: Path, lines: tuple[str, ...], part: str) -> None:
    with pytest.raises(DistiliqaError, match=r"pairs\.csv: ") as caught:
        read_pairs(written(folder, *lines))
    assert part in str(caught.value)


def test_a_file_that_is_no_such_list_is_refused(folder: Path) -> None:
    with pytest.raises(DistiliqaError, match="no such file"):
        read_pairs(folder / "none.csv")
    with pytest.raises(DistiliqaError, match="lacks the column low, low_dose"):
        read_pairs(written(folder, "1,2", header="full,case"))
    (folder / "binary.csv").write_bytes(b"\xff\xfe\0")
    with pytest.raises(DistiliqaError, match="not text in UTF-16"):
        read_pairs(folder / "binary.csv")

"""Tables of ratings: what is read from CSV and JSON, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.readers.rating_rows import RatedName
from distiliqa.readers.rating_table import RatingTable, read_table


def table(tmp_path: Path, content: str | bytes, name: str = "r.csv", **options: Any) -> RatingTable:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, **options)


def test_one_column_a_reader_and_facts(tmp_path: Path) -> None:
    found = table(
        tmp_path, "Image, Patient ,source,slice,Anna,Ben Li\na.dcm,P1,s,0,3,2.5\nb.dcm,,,,4,\n"
    )
    assert found.readers == ("Anna", "Ben Li")
    assert found.rows == (RatedName("a.dcm", 0, "P1", "s"), RatedName("b.dcm"))
    np.testing.assert_array_equal(found.ratings, [[3, 2.5], [4, np.nan]])
    assert found.notes == ("ratings are missing (Ben Li 1): a mean is over those who rated",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_byte_order_marks_and_separators(tmp_path: Path, encoding: str, mark: str) -> None:
    content = "path,A,B\nä.dcm,1.5,2\n".replace(",", mark).encode(encoding)
    found = table(tmp_path, content)
    assert (found.rows[0].name, found.readers) == ("ä.dcm", ("A", "B"))


def test_decimal_commas_missing_words_and_empty_lines(tmp_path: Path) -> None:
    found = table(tmp_path, "name;A;B\na;1,5;NA\nb;-;N/a\n;;\nc;nan;2\n")
    np.testing.assert_array_equal(found.ratings, [[1.5, np.nan], [np.nan, 2]])
    assert [row.name for row in found.rows] == ["a", "c"]
    assert found.notes[0] == "1 rows without any rating are left out"


def test_json_of_numbers_of_readers_and_of_rows(tmp_path: Path) -> None:
    flat = table(tmp_path, json.dumps({"a": 1, "b": 2.5}), "f.json")
    assert (flat.readers, flat.ratings.tolist()) == (("rating",), [[1], [2.5]])
    nested = {"a": {"A": 1, "B": None, "case": "P"}, "b": {"B": 3}}
    found = table(tmp_path, json.dumps(nested), "n.json")
    assert found.readers == ("A", "B")
    np.testing.assert_array_equal(found.ratings, [[1, np.nan], [np.nan, 3]])
    assert found.rows[0].case == "P"
    rows = [{"path": "a", "A": 1, "slice": 2}, {"sop_instance_uid": "1.2.3", "A": 4}]
    listed = table(tmp_path, json.dumps(rows), "l.json")
    assert listed.rows == (RatedName("a", 2), RatedName("1.2.3"))


def test_chosen_readers(tmp_path: Path) -> None:
    content = "image,A,comment,B\na,1,sharp,\nb,2,,3\n"
    found = table(tmp_path, content, readers=("B", "A"))
    assert found.readers == ("B", "A")
    alone = found.of_readers(["B"])
    assert (alone.ratings.tolist(), alone.unrated) == ([[3]], 1)
    with pytest.raises(DistiliqaError, match="no column of ratings 'C'; choose from B, A"):
        found.of_readers(["C"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("image,A\n", "holds no ratings"),
        ("image\na\n", "holds no ratings"),
        ("image,A\na,\n", "holds no ratings"),
        ("slide,A\na,1\n", "line 2: no name of an image; fill one of the columns image, path"),
        ("image,A\n,1\n", "line 2: no name of an image"),
        ("image,A,A\na,1,2\n", "names the column 'A' twice; rename one of the two"),
        ("image,A,\na,1,2\n", "line 2 has a value in a column without a name"),
        ("image,A\na,1,2\n", "line 2 has more values than there are columns"),
        ("image,A\na,1\nb,2\na,3\n", "line 4: a second rating of 'a'; keep one of the two"),
        ("image,A\na,sharp\n", "line 2: A of 'a' is 'sharp', not a number"),
        ("image,A\na,1_0\n", "'1_0', not a number"),
        ("image,A\na,inf\n", "'inf', not a number"),
        ("image,A\na,6\n", "line 2: A of 'a' is 6, outside the scale 0 to 4"),
        ("image,slice,A\na,-1,1\n", "'-1' is no index from 0"),
        (b"image,A\n\xff,1\n", "not text in UTF-8"),
        ("image," + ",".join(f"R{n}" for n in range(101)) + "\na" + ",1" * 101, "more than 100"),
    ],
)
def test_wrong_tables_are_one_line(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(DistiliqaError) as error:
        table(tmp_path, content, scale=(0, 4))
    assert says in str(error.value)
    assert str(tmp_path / "r.csv") in str(error.value)
    assert "\n" not in str(error.value)


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="has no column 'C'; it has image, A"):
        table(tmp_path, "image,A\na,1\n", readers=("C",))


def test_a_scale_may_be_that_of_the_first_reader_alone(tmp_path: Path) -> None:
    content = "image,A,B\na,5,80\nb,1,20\n"
    assert table(tmp_path, content, scale=(1, 5), of_first=True).ratings.tolist() == [
        [5, 80],
        [1, 20],
    ]
    with pytest.raises(DistiliqaError, match="line 2: B of 'a' is 80, outside the scale 1 to 5"):
        table(tmp_path, content, scale=(1, 5))
    with pytest.raises(DistiliqaError, match="line 2: A of 'a' is 5, outside the scale 1 to 4"):
        table(tmp_path, content, scale=(1, 4), of_first=True)

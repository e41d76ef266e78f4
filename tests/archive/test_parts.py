from __future__ import annotations

from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")

from distiliqa.archive import parts  # noqa: E402
from distiliqa.archive.parts import Parts  # noqa: E402
from distiliqa.errors import DistiliqaError  # noqa: E402

SCHEMA = pa.schema([("path", pa.string()), ("score", pa.float64())])


def table(*paths: str) -> pa.Table:
    return pa.table({"path": list(paths), "score": [1.0] * len(paths)}, schema=SCHEMA)


def paths(of: Parts) -> list[list[str]]:
    return [each["path"].to_pylist() for each in of.read(["path"])]


def test_rows_are_on_disk_once_a_part_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parts, "ROWS", 3)
    some = Parts(tmp_path / "slices", SCHEMA)
    some.add(table("a", "b"))
    assert some.paths() == []
    some.add(table("c", "d"))
    assert paths(some) == [["a", "b", "c", "d"]]


def test_rows_are_on_disk_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parts, "SECONDS", 0.0)
    some = Parts(tmp_path, SCHEMA)
    some.add(table("a"))
    assert paths(some) == [["a"]]


def test_a_later_run_adds_parts_after_those_there_are(tmp_path: Path):
    for each in ("a", "b"):
        some = Parts(tmp_path, SCHEMA)
        some.add(table(each))
        some.flush()
    some.flush()
    assert [each.name for each in some.paths()] == ["part-000001.parquet", "part-000002.parquet"]


def test_files_are_forgotten_wherever_their_rows_are(tmp_path: Path):
    some = Parts(tmp_path, SCHEMA)
    for each in (table("a", "b"), table("b"), table("c")):
        some.add(each)
        some.flush()
    some.add(table("b", "d"))
    some.forget(["b"])
    assert paths(some) == [["a"], ["c"], ["d"]]
    some.add(table("e"))
    some.flush()
    assert paths(some)[-1] == ["e"]


def test_what_a_crash_left_half_written_is_no_part(tmp_path: Path):
    (tmp_path / ".1234.part-000001.parquet.part").write_bytes(b"half")
    assert list(Parts(tmp_path, SCHEMA).read()) == []


def test_a_damaged_part_is_named(tmp_path: Path):
    (tmp_path / "part-000001.parquet").write_bytes(b"no Parquet")
    with pytest.raises(DistiliqaError, match=r"part-000001\.parquet: not readable as Parquet"):
        list(Parts(tmp_path, SCHEMA).read())

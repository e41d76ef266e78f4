from __future__ import annotations

from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")

from distiliqa.archive import parts  # noqa: E402
from distiliqa.archive.parts import Known, Parts, is_scored  # noqa: E402
from distiliqa.errors import DistiliqaError  # noqa: E402
from distiliqa.files import FileStamp  # noqa: E402

SCHEMA = pa.schema([("path", pa.string()), ("score", pa.float64())])


def table(*paths: str) -> pa.Table:
    return pa.table({"path": list(paths), "score": [1.0] * len(paths)}, schema=SCHEMA)


def paths(of: Parts) -> list[list[str]]:
    return [table_["path"].to_pylist() for table_ in of.read(["path"])]


def test_rows_are_on_disk_once_a_part_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parts, "MAX_ROWS", 3)
    some = Parts(tmp_path / "slices", SCHEMA)
    some.add(table("a", "b"))
    assert some.paths() == []
    some.add(table("c", "d"))
    assert paths(some) == [["a", "b", "c", "d"]]


def test_rows_are_on_disk_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parts, "MAX_WAIT_S", 0.0)
    some = Parts(tmp_path, SCHEMA)
    some.add(table("a"))
    assert paths(some) == [["a"]]


def test_a_later_run_adds_parts_after_those_there_are(tmp_path: Path):
    for name in ("a", "b"):
        some = Parts(tmp_path, SCHEMA)
        some.add(table(name))
        some.flush()
    some.flush()
    assert [path.name for path in some.paths()] == ["part-000001.parquet", "part-000002.parquet"]


def test_files_are_forgotten_wherever_their_rows_are(tmp_path: Path):
    some = Parts(tmp_path, SCHEMA)
    for rows in (table("a", "b"), table("b"), table("c")):
        some.add(rows)
        some.flush()
    some.add(table("b", "d"))
    some.remove(["b"])
    assert paths(some) == [["a"], ["c"], ["d"]]
    some.add(table("e"))
    some.flush()
    assert paths(some)[-1] == ["e"]


def test_only_parts_that_lose_rows_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    some, seen = Parts(tmp_path, SCHEMA), []

    class Counted(parts.pq.ParquetFile):
        def read(self, columns: list[str] | None = None) -> pa.Table:
            seen.append(columns)
            return super().read(columns)

    for rows in (table("a", "b"), table("b"), table("c")):
        some.add(rows)
        some.flush()
    monkeypatch.setattr(parts.pq, "ParquetFile", Counted)
    some.remove([])
    assert seen == []
    some.remove(["b"])
    assert seen == [["path"], None, ["path"], ["path"]]


def test_what_a_crash_left_half_written_is_no_part(tmp_path: Path):
    (tmp_path / ".1234.part-000001.parquet.part").write_bytes(b"half")
    assert list(Parts(tmp_path, SCHEMA).read()) == []


def test_a_damaged_part_is_named(tmp_path: Path):
    (tmp_path / "part-000001.parquet").write_bytes(b"no Parquet")
    with pytest.raises(DistiliqaError, match=r"part-000001\.parquet: not readable as Parquet"):
        list(Parts(tmp_path, SCHEMA).read())


def results(*files: tuple[str, str, int | None, int | None]) -> pa.Table:
    names = ("path", "state", "size", "modified_ns")
    types = ("string", "string", "int64", "int64")
    rows = [dict(zip(names, file, strict=True)) for file in files]
    return pa.Table.from_pylist(rows, pa.schema(list(zip(names, types, strict=True))))


def test_files_are_found_by_their_path():
    known = Known(results((f"/{n}", "scored", n, 10 * n)) for n in range(50))
    assert known.stamps(["/7", "/nine", "/49"]) == [FileStamp(7, 70), None, FileStamp(49, 490)]


def test_nothing_is_known_at_first():
    assert Known().stamps(["/a"]) == [None]
    assert Known([results()]).stamps(["/a"]) == [None]


def test_a_file_of_which_one_slice_failed_has_failed():
    known = Known([results(("/a", "scored", 5, 1), ("/a", "failed", 5, 1), ("/b", "scored", 5, 1))])
    assert [is_scored(stamp) for stamp in known.stamps(["/a", "/b"])] == [False, True]


def test_a_file_that_could_not_be_looked_at_has_failed():
    (stamp,) = Known([results(("/a", "failed", None, None))]).stamps(["/a"])
    assert stamp is not None
    assert not is_scored(stamp)


@pytest.mark.parametrize("between", [0, 1, 5])
def test_the_last_result_counts(between: int):
    known = Known([results(("/a", "failed", 5, 1))])
    for n in range(between):
        known.add(results((f"/{n}", "scored", 1, 1)))
    known.add(results(("/a", "scored", 6, 2)))
    assert known.stamps(["/a"]) == [FileStamp(6, 2)]

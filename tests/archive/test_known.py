from __future__ import annotations

import pytest

pa = pytest.importorskip("pyarrow")

from distiliqa.archive.known import Known, is_scored  # noqa: E402
from distiliqa.archive.storage import Stamp  # noqa: E402


def results(*files: tuple[str, str, int | None, int | None]) -> pa.Table:
    names = ("path", "state", "size", "modified_ns")
    types = ("string", "string", "int64", "int64")
    rows = [dict(zip(names, each, strict=True)) for each in files]
    return pa.Table.from_pylist(rows, pa.schema(list(zip(names, types, strict=True))))


def test_files_are_found_by_their_path():
    known = Known(results((f"/{n}", "scored", n, 10 * n)) for n in range(50))
    assert known.stamps(["/7", "/nine", "/49"]) == [Stamp(7, 70), None, Stamp(49, 490)]


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
    assert known.stamps(["/a"]) == [Stamp(6, 2)]

from __future__ import annotations

import threading

import pytest

from distiliqa.archive import prefetch
from distiliqa.archive.prefetch import MAX_AHEAD_BYTES, READERS, File, prefetch_files


def files(*sizes: int) -> list[File]:
    return [{"path": str(n), "size": size} for n, size in enumerate(sizes)]


def test_the_next_files_are_read_while_one_is_scored() -> None:
    started = [threading.Event() for _ in range(20)]
    read = []

    def path_of(file: File) -> str:
        started[int(file["path"])].set()
        return file["path"]

    for number, (file, content) in enumerate(prefetch_files(files(*[1] * 20), path_of)):
        assert all(event.wait(60) for event in started[number : number + READERS + 1])
        assert not any(event.is_set() for event in started[number + READERS + 1 :])
        read.append((file["path"], content.result()))
    assert read == [(str(n), str(n)) for n in range(20)]


def test_files_that_wait_are_bounded_by_their_bytes() -> None:
    half = MAX_AHEAD_BYTES // 2
    asked: list[str] = []

    def path_of(file: File) -> str:
        asked.append(file["path"])
        return file["path"]

    coming = prefetch_files(files(half, half, 1, 3 * half, 1), path_of)
    assert [next(coming)[1].result() for _ in range(2)] == ["0", "1"]
    assert set(asked) <= {"0", "1", "2"}
    assert [content.result() for _, content in coming] == ["2", "3", "4"]


def test_what_a_file_raises_comes_with_it() -> None:
    def fail(file: File) -> str:
        if file["path"] == "1":
            raise OSError("away")
        return file["path"]

    results = [content for _, content in prefetch_files(files(1, 1, 1), fail)]
    assert [results[0].result(), results[2].result()] == ["0", "2"]
    with pytest.raises(OSError, match="away"):
        results[1].result()


def test_a_caller_that_stops_reads_no_more() -> None:
    asked: list[str] = []
    coming = prefetch_files(files(*[1] * 100), lambda file: asked.append(file["path"]))
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert len(asked) <= prefetch.READERS + 1

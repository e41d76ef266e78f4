from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from tests.support.detached_volumes import both, write_mhd

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.ct.slice_info import Pixels
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError
from distiliqa.scoring.prepare import check_hu
from distiliqa.scoring.read_ahead import AHEAD, THREADS, SliceReader


def ref(path: Path, decode: Callable[[Source], Pixels] | None = None, frame: int = 0) -> SliceInfo:
    source = Source.on_disk(path)
    return SliceInfo(str(path), frame, "s", source=source, decode=decode or blank_slice).stamped()


def blank_slice(source: Source) -> Pixels:
    return np.zeros((64, 64), np.float32), ()


def reader_of(*refs: SliceInfo) -> SliceReader[CTSlice]:
    def prepare(ct: CTSlice) -> CTSlice:
        check_hu(ct.hu)
        return ct

    return SliceReader(refs, prepare)


def files(folder: Path, count: int) -> list[Path]:
    for n in range(count):
        (folder / f"{n}").write_bytes(bytes([n]))
    return [folder / f"{n}" for n in range(count)]


def test_slices_come_in_order_whatever_takes_longest(tmp_path: Path):
    second_read = threading.Event()
    first, second = files(tmp_path, 2)

    def slow(source: Source) -> Pixels:
        assert second_read.wait(60)
        return blank_slice(source)

    def quick(source: Source) -> Pixels:
        second_read.set()
        return blank_slice(source)

    read = [item.path for item in reader_of(ref(first, slow), ref(second, quick))]
    assert read == [str(first), str(second)]


def test_a_small_file_is_read_once_for_its_pixels_and_its_hash(tmp_path: Path):
    (path,) = files(tmp_path, 1)
    opened = []

    def open_counted() -> IO[bytes]:
        opened.append(path)
        return path.open("rb")

    def decode(source: Source) -> Pixels:
        return np.full((64, 64), source.read()[0], np.float32), ()

    source = replace(Source.on_disk(path), open=open_counted)
    reader = reader_of(replace(ref(path, decode), source=source))
    assert [item.hu[0, 0] for item in reader] == [0]
    assert reader.sha256 == {str(path): hashlib.sha256(b"\0").hexdigest()}
    assert len(opened) == 1


def test_what_was_read_keeps_no_file_in_memory(tmp_path: Path):
    (path,) = files(tmp_path, 1)
    info = ref(path)
    (read,) = reader_of(info)
    assert read.info is info


def test_only_a_few_slices_are_read_ahead(tmp_path: Path):
    loaded = []

    def counted(path: Path) -> SliceInfo:
        return ref(path, lambda source: loaded.append(path) or blank_slice(source))

    reading = iter(reader_of(*(counted(path) for path in files(tmp_path, 60))))
    next(reading)
    reading.close()
    assert 1 <= len(loaded) <= AHEAD < 60


def test_what_goes_wrong_with_a_slice_stays_with_it(tmp_path: Path):
    good, damaged, blank, odd = files(tmp_path, 4)

    def fail_to_decode(source: Source) -> Pixels:
        raise CTReadError("cut short", path=damaged, remedy="copy it again")

    def no_pixels(source: Source) -> Pixels:
        return np.zeros((1, 1), np.float32), ()

    def crash(source: Source) -> Pixels:
        raise ZeroDivisionError("division by zero")

    refs = [ref(damaged, fail_to_decode), ref(good), ref(blank, no_pixels), ref(odd, crash)]
    reader = reader_of(*refs, ref(tmp_path / "gone"))
    assert [item.path for item in reader] == [str(good)]
    assert reader.failed[:3] == [
        (str(damaged), "cut short; copy it again"),
        (str(blank), "1 x 1 pixels; at least 32 x 32 are needed"),
        (str(odd), "division by zero"),
    ]
    assert reader.failed[3].path == str(tmp_path / "gone")


def test_each_file_is_hashed_once(tmp_path: Path, monkeypatch):
    (path,) = files(tmp_path, 1)
    calls = []
    monkeypatch.setattr(
        "distiliqa.scoring.read_ahead.sha256_of", lambda file: calls.append(file) or "ab"
    )
    reader = reader_of(*(ref(path, frame=n) for n in range(5)))
    assert len(list(reader)) == 5
    assert calls == [path]
    assert reader.sha256 == {str(path): "ab"}


def test_hashes_are_those_of_the_files(tmp_path: Path):
    path = files(tmp_path, 3)[2]
    reader = reader_of(ref(path))
    list(reader)
    assert reader.sha256 == {str(path): hashlib.sha256(b"\2").hexdigest()}


def test_the_hash_of_a_header_is_that_of_its_pixels_too(tmp_path: Path):
    path = write_mhd(tmp_path / "v.mhd", np.zeros((1, 64, 64)))
    reader = reader_of(*index_ct(path).slices)
    assert len(list(reader)) == 1
    assert reader.sha256 == {str(path): both(path)}


def test_the_slice_of_a_file_of_several_is_named(tmp_path: Path):
    (path,) = files(tmp_path, 1)

    def fail(source: Source) -> Pixels:
        raise CTReadError("holds nan\nor infinity", path=path)

    reader = reader_of(ref(path), ref(path, fail, frame=7))
    assert len(list(reader)) == 1
    assert reader.failed == [(str(path), "slice 7: holds nan or infinity")]


def test_hashes_are_in_reading_order_whatever_takes_longest(tmp_path: Path):
    last_hashed = threading.Event()
    first, *others = files(tmp_path, 3)

    def opened(path: Path, waits: bool) -> IO[bytes]:
        assert THREADS == 1 or not waits or last_hashed.wait(60)
        return path.open("rb")

    def read(source: Source) -> Pixels:
        if source.name == str(others[-1]):
            last_hashed.set()
        return blank_slice(source)

    def info(path: Path, waits: bool) -> SliceInfo:
        found = ref(path, read)
        assert found.source is not None
        return replace(found, source=replace(found.source, open=partial(opened, path, waits)))

    reader = reader_of(info(first, True), *(info(path, False) for path in others))
    assert len(list(reader)) == len(others) + 1
    assert list(reader.sha256) == [str(first), *map(str, others)]

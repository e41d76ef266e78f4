from __future__ import annotations

import io
import os

import pytest

from distiliqa.ct.dicom.spliced import Spliced

WHOLE = b"head" + bytes(range(10, 110))


@pytest.fixture
def stream() -> Spliced:
    return Spliced(b"head", io.BytesIO(b"another head" + WHOLE[4:]), len(b"another head"))


@pytest.mark.parametrize("place", [0, 2, 4, 5, 100, len(WHOLE), len(WHOLE) + 9])
@pytest.mark.parametrize("size", [0, 1, 2, 50, 500])
def test_it_reads_as_one_file(stream, place, size):
    assert stream.seek(place) == place
    assert stream.read(size) == WHOLE[place : place + size]
    assert stream.tell() == place + len(WHOLE[place : place + size])


def test_places_count_from_here_and_from_the_end(stream):
    assert stream.read() == WHOLE
    assert stream.seek(-3, os.SEEK_END) == len(WHOLE) - 3
    assert stream.seek(1, os.SEEK_CUR) == len(WHOLE) - 2
    assert stream.read(None) == WHOLE[-2:]
    assert stream.seek(-500, os.SEEK_CUR) == 0


def test_it_closes_what_it_reads():
    inner = io.BytesIO(b"x")
    with Spliced(b"", inner, 0):
        pass
    assert inner.closed

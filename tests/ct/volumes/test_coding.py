from __future__ import annotations

import gzip
import io
import zlib

import pytest

from distiliqa.ct.volumes.coding import Inflated

CONTENT = bytes(range(256)) * 300


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(CONTENT),
        zlib.compress(CONTENT),
        gzip.compress(CONTENT[:1000]) + gzip.compress(b"") + gzip.compress(CONTENT[1000:]),
        gzip.compress(CONTENT) + bytes(600),
    ],
)
@pytest.mark.parametrize("count", [1, 1000, 1 << 20])
def test_all_that_a_stream_holds_in_any_steps(packed, count):
    stream, parts = Inflated(io.BytesIO(packed)), []
    while part := stream.read(count):
        assert len(part) <= count
        parts.append(part)
    assert b"".join(parts) == CONTENT


def test_skipping_and_reading():
    stream = Inflated(io.BytesIO(gzip.compress(CONTENT)))
    stream.skip(5000)
    assert stream.read(100) == CONTENT[5000:5100]


def test_no_more_is_read_than_asked_for():
    packed = io.BytesIO(gzip.compress(bytes(1 << 28), compresslevel=1))
    assert Inflated(packed).read(1000) == bytes(1000)
    assert packed.tell() <= 1 << 14


def test_a_stream_cut_short_and_a_wrong_checksum_are_errors():
    packed = bytearray(gzip.compress(CONTENT))
    with pytest.raises(EOFError, match="cut short"):
        Inflated(io.BytesIO(packed[:-6])).read(len(CONTENT) + 1)
    packed[-6] ^= 0xFF
    with pytest.raises(zlib.error):
        Inflated(io.BytesIO(packed)).read(len(CONTENT) + 1)
    with pytest.raises(zlib.error):
        Inflated(io.BytesIO(b"no stream at all")).read(1)

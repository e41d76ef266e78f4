"""Compressed streams, inflated no further than asked for."""

from __future__ import annotations

import zlib
from typing import IO

GZIP_MAGIC = b"\x1f\x8b"

# Deflate (RFC 1951) codes 258 bytes in two bits at best, so that more cannot come of a file.
MAX_RATIO = 1032

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BLOCK_BYTES = 1 << 14


class Inflated:
    """What a zlib or gzip stream (RFC 1950, 1952) of one or more members holds.

    Parameters
    ----------
    stream : read from where it stands, in blocks of 16 KiB.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._packed = b""

    def read(self, count: int) -> bytes:
        """Inflate up to ``count`` bytes, fewer only where the stream ends.

        Raises
        ------
        EOFError : the stream is cut short.
        zlib.error : it is damaged, or its checksum is of other bytes.
        """
        parts = []
        while count > 0 and self._more():
            parts.append(self._member.decompress(self._packed, count))
            self._packed = self._member.unconsumed_tail or self._member.unused_data
            count -= len(parts[-1])
        return b"".join(parts)

    def skip(self, count: int) -> None:
        """Pass over ``count`` bytes, as `read`."""
        while count > 0 and (passed := len(self.read(min(count, 1 << 20)))):
            count -= passed

    def _more(self) -> bool:
        """Whether there is something to inflate; goes on to the next member where one has ended."""
        self._packed = self._packed or self._stream.read(_BLOCK_BYTES)
        if self._member.eof:
            self._packed = self._packed.lstrip(b"\0")  # zeros fill the last block of some writers
            self._member = zlib.decompressobj(_GZIP_OR_ZLIB) if self._packed else self._member
        elif not self._packed:
            raise EOFError("the compressed stream is cut short")
        return bool(self._packed)

"""A file with another beginning, so that one frame of many is read without the others."""

from __future__ import annotations

import io
import os
from typing import IO


class Spliced(io.BufferedIOBase):
    """A binary stream of ``start`` and, after it, of ``stream`` from byte ``skipped`` on."""

    def __init__(self, start: bytes, stream: IO[bytes], skipped: int) -> None:
        self._start, self._stream = start, stream
        self._shift, self._place = skipped - len(start), 0

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether its place can be chosen."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; see `io.IOBase.seek`."""
        if whence == os.SEEK_CUR:
            offset += self._place
        elif whence == os.SEEK_END:
            offset += self._stream.seek(0, os.SEEK_END) - self._shift
        self._place = max(offset, 0)
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        """Read up to ``size`` bytes, or all where it is negative or None."""
        stop = None if size is None or size < 0 else self._place + size
        content = self._start[self._place : stop]
        if stop is None or stop > len(self._start):
            self._stream.seek(self._place + len(content) + self._shift)
            content += self._stream.read(-1 if stop is None else stop - self._place - len(content))
        self._place += len(content)
        return content

    def close(self) -> None:
        """Close it and what it reads."""
        self._stream.close()
        super().close()

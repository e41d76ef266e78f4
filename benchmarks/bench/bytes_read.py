"""Bytes that the package asks of the system when it reads files of CT."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from threading import Lock
from typing import Any
from unittest.mock import patch

from distiliqa import files
from distiliqa.ct import source


class BytesRead:
    """Their number."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def add(self, count: int) -> None:
        """Add those of one call."""
        with self._lock:
            self.count += count


@contextmanager
def counted() -> Iterator[BytesRead]:
    """Count the bytes of all files that are opened meanwhile."""
    total = BytesRead()

    class Counting(io.FileIO):
        def readinto(self, buffer: Any) -> int | None:
            found = super().readinto(buffer)
            total.add(found or 0)
            return found

        def readall(self) -> bytes:
            content = super().readall()
            total.add(len(content))
            return content

    def opened(path: str | PathLike[str]) -> io.BufferedReader:
        files.check_regular(path)
        return io.BufferedReader(Counting(path, "rb"))

    with _in_place_of(opened):
        yield total


@contextmanager
def _in_place_of(opened: Callable[[str | PathLike[str]], io.BufferedReader]) -> Iterator[None]:
    with patch.object(files, "open_regular", opened), patch.object(source, "open_regular", opened):
        yield

"""A file to read, on disk or inside a zip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from typing import IO

from distiliqa.errors import NotCTError


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes with a name.

    Attributes
    ----------
    name : the path as the user sees it; ``archive.zip/member`` for a member of a zip.
    open : gives a new binary stream from the start.
    file : the path on disk, None inside a zip.
    """

    name: str
    open: Callable[[], IO[bytes]] = field(repr=False, compare=False)
    file: Path | None = None

    @classmethod
    def on_disk(cls, path: Path) -> Source:
        """The file at ``path``."""
        return cls(str(path), partial(_open, path), path)

    def read(self) -> bytes:
        """All of its bytes."""
        with self.open() as stream:
            return stream.read()

    def on_disk_path(self) -> Path:
        """The path on disk, for formats whose libraries need one; `NotCTError` inside a zip."""
        if self.file is None:
            raise NotCTError(
                f"{self.suffix} is not read inside a zip", path=self.name, remedy="unpack the zip"
            )
        return self.file

    @property
    def suffix(self) -> str:
        """The extension in lower case; both extensions of a compressed file (``.nii.gz``)."""
        suffixes = [suffix.lower() for suffix in PurePath(self.name).suffixes[-2:]]
        return "".join(suffixes) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])

    @property
    def folder(self) -> str:
        """The folder, or the place in the zip, that it lies in."""
        return str(PurePath(self.name).parent)


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")

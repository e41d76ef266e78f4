"""Files of the inputs (files, folders, manifests), a portion at a time."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pyarrow.fs import FileType

from distiliqa.archive.storage import absolute, files_under, is_uri, kind_of, open_text
from distiliqa.archive.storage import stamps as stamps_of
from distiliqa.archive.table import COLUMNS
from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp

MANIFEST = ".csv"
PATH = "path"
_ROWS_AT_ONCE = 4096  # of a manifest, whose files are looked up together


class Listed(NamedTuple):
    """A file to score, and the further columns of its manifest."""

    path: str
    stamp: FileStamp
    carried: dict[str, str]


@dataclass(frozen=True)
class Source:
    """One input: a file, a folder with its subfolders, or a manifest.

    Attributes
    ----------
    columns : tuple[str, ...]
        Columns of a manifest but ``path``, which go into the results.
    """

    path: str
    kind: FileType
    columns: tuple[str, ...] = ()

    @property
    def is_manifest(self) -> bool:
        """Whether the input is a table of files."""
        return self.kind == FileType.File and self.path.lower().endswith(MANIFEST)

    def files(self, without: Path | None = None) -> Iterator[Listed | Problem]:
        """Yield its files with their stamps, and problems.

        Parameters
        ----------
        without : Path or None
            Folder inside it to leave out, such as that of the results.
        """
        if self.is_manifest:
            yield from _manifest_files(self.path)
            return
        found = (
            files_under(self.path, without)
            if self.kind == FileType.Directory
            else stamps_of([self.path])
        )
        for file in found:
            yield file if isinstance(file, Problem) else Listed(*file, {})


def open_source(named: str) -> Source:
    """Check one input.

    Raises
    ------
    DistiliqaError
        The input does not exist, or a manifest has no column ``path``, or a column of the results.
    """
    path = absolute(named)
    kind = kind_of(path)
    if kind == FileType.NotFound:
        raise DistiliqaError("no such file or folder", path=named, remedy="check the path")
    source = Source(path, kind)
    return Source(path, kind, _columns(path)) if source.is_manifest else source


def portions(
    sources: Iterable[Source], size: int, without: Path | None = None
) -> Iterator[tuple[list[Listed], list[Problem]]]:
    """Yield the files of all sources, ``size`` at a time, and the problems among them."""
    found = (file for source in sources for file in source.files(without))
    while portion := list(islice(found, size)):
        yield (
            [file for file in portion if isinstance(file, Listed)],
            [problem for problem in portion if isinstance(problem, Problem)],
        )


def _columns(manifest: str) -> tuple[str, ...]:
    with open_text(manifest) as file:
        try:
            header = next(csv.reader(file), [])
        except (UnicodeDecodeError, csv.Error) as error:
            raise _not_csv(manifest, error) from error
    others = [name for name in header if name != PATH]
    if len(others) != len(header) - 1:
        raise DistiliqaError(
            f"has {len(header) - len(others)} columns named {PATH}",
            path=manifest,
            remedy=f"a manifest is a CSV whose first line names its columns, one of them {PATH}",
        )
    taken = sorted(
        {name for name in others if name in COLUMNS or others.count(name) > 1 or not name}
    )
    if taken:
        raise DistiliqaError(
            f"the columns of the manifest cannot be carried along: {', '.join(map(repr, taken))}",
            path=manifest,
            remedy="give them unique names that no column of the results has",
        )
    return tuple(others)


def _manifest_files(manifest: str) -> Iterator[Listed | Problem]:
    base = os.path.dirname(manifest)
    with open_text(manifest) as file:
        lines = csv.DictReader(file, restkey="", restval="")
        try:
            while rows := list(islice(lines, _ROWS_AT_ONCE)):
                yield from _stamped(rows, base)
        except (UnicodeDecodeError, csv.Error) as error:
            raise _not_csv(manifest, error) from error


def _stamped(rows: Sequence[dict[str, str]], base: str) -> Iterator[Listed | Problem]:
    paths = [_joined(base, row.pop(PATH)) for row in rows]
    for row, found in zip(rows, stamps_of(paths), strict=True):
        row.pop("", None)  # fields beyond the header
        yield found if isinstance(found, Problem) else Listed(*found, row)


def _joined(base: str, path: str) -> str:
    """A path of a manifest, relative to the folder of the manifest."""
    if is_uri(path) or os.path.isabs(path):
        return absolute(path)
    return f"{base}/{path}" if is_uri(base) else os.path.normpath(os.path.join(base, path))


def _not_csv(manifest: str, error: Exception) -> DistiliqaError:
    return DistiliqaError(
        f"not readable as CSV ({error})", path=manifest, remedy="save it as CSV in UTF-8"
    )

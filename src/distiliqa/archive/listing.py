"""From what the user names (files, folders, manifests) to files, a portion at a time."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pyarrow.fs import FileType

from distiliqa.archive.storage import Stamp, absolute, files_under, is_uri, kind_of, open_text
from distiliqa.archive.storage import stamps as stamps_of
from distiliqa.archive.table import COLUMNS
from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError

MANIFEST = ".csv"
PATH = "path"
_TOGETHER = 4096  # lines of a manifest that are looked up at a time


class Listed(NamedTuple):
    """A file to score, and what its manifest says of it, by column."""

    path: str
    stamp: Stamp
    told: dict[str, str]


@dataclass(frozen=True)
class Source:
    """One input: a file, a folder with its subfolders, or a manifest.

    Attributes
    ----------
    columns : those of a manifest, without ``path``; they are carried along.
    """

    path: str
    kind: FileType
    columns: tuple[str, ...] = ()

    @property
    def is_manifest(self) -> bool:
        """Whether it is a table of files."""
        return self.kind == FileType.File and self.path.lower().endswith(MANIFEST)

    def files(self, without: Path | None = None) -> Iterator[Listed | Problem]:
        """Its files with their stamps, and what cannot be read of it.

        Parameters
        ----------
        without : a folder inside it that is left out, such as that of the results.
        """
        if self.is_manifest:
            yield from _told_by(self.path)
            return
        found = (
            files_under(self.path, without)
            if self.kind == FileType.Directory
            else stamps_of([self.path])
        )
        for each in found:
            yield each if isinstance(each, Problem) else Listed(*each, {})


def open_source(named: str) -> Source:
    """Look at one input.

    Raises
    ------
    DistiliqaError : nothing is there, or a manifest has no column ``path``, or one of a result.
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
    """The files of all sources, ``size`` at a time, with what could not be read among them."""
    found = (each for source in sources for each in source.files(without))
    while portion := list(islice(found, size)):
        yield (
            [each for each in portion if isinstance(each, Listed)],
            [each for each in portion if isinstance(each, Problem)],
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
            remedy="give each a name of its own that no column of the results has",
        )
    return tuple(others)


def _told_by(manifest: str) -> Iterator[Listed | Problem]:
    base = os.path.dirname(manifest)
    with open_text(manifest) as file:
        lines = csv.DictReader(file, restkey="", restval="")
        try:
            while told := list(islice(lines, _TOGETHER)):
                yield from _looked_up(told, base, manifest)
        except (UnicodeDecodeError, csv.Error) as error:
            raise _not_csv(manifest, error) from error


def _looked_up(
    told: Sequence[dict[str, str]], base: str, manifest: str
) -> Iterator[Listed | Problem]:
    paths = [_joined(base, each.pop(PATH)) for each in told]
    for each, found in zip(told, stamps_of(paths), strict=True):
        each.pop("", None)  # fields beyond the header
        yield found if isinstance(found, Problem) else Listed(*found, each)


def _joined(base: str, path: str) -> str:
    """A path of a manifest, which is relative to the folder that the manifest lies in."""
    if is_uri(path) or os.path.isabs(path):
        return absolute(path)
    return f"{base}/{path}" if is_uri(base) else os.path.normpath(os.path.join(base, path))


def _not_csv(manifest: str, error: Exception) -> DistiliqaError:
    return DistiliqaError(
        f"not readable as CSV ({error})", path=manifest, remedy="save it as CSV in UTF-8"
    )

"""The names that slices go by: a path, the end of one, a folder, a pattern, a SOP instance UID."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from distiliqa.ct.slice_info import SliceInfo
from distiliqa.errors import RecipeError, quoted
from distiliqa.readers.rating_rows import RatedName, no_name

_MAX_NAMED = 3


class NamedSlices:
    """Slices by all the names that they may be called."""

    def __init__(self, slices: Sequence[SliceInfo], data: Path) -> None:
        self.slices = slices
        self.by_uid: dict[str, list[int]] = defaultdict(list)
        self.by_end: dict[str, list[int]] = defaultdict(list)
        self.by_path: dict[str, list[int]] = defaultdict(list)
        self.by_stem: dict[str, list[int]] = defaultdict(list)
        self.folders: dict[str, list[int]] = defaultdict(list)
        self.parts: list[tuple[str, ...]] = []
        for at, info in enumerate(slices):
            if info.sop_uid is not None:
                self.by_uid[info.sop_uid].append(at)
            self._add(at, PurePosixPath(name_in(info.path, data)))

    def _add(self, at: int, path: PurePosixPath) -> None:
        parts = path.parts
        self.parts.append(parts)
        self.by_path[str(path)].append(at)
        stems = _without_extension(path)
        for stem in stems:
            self.by_stem[str(stem)].append(at)
        for plain in {path, *stems}:
            for start in range(1, len(parts)):
                self.by_end["/".join(plain.parts[start:])].append(at)
        for folder in path.parents[:-1]:
            self.folders[str(folder)].append(at)

    def slices_of(self, row: RatedName, table: Path) -> list[SliceInfo]:
        """The slices of a row; none where its name matches nothing."""
        name = as_posix(row.name)
        if name.startswith("/") or PurePosixPath(name).is_absolute() or name[1:3] == ":/":
            raise no_name(row.name, table)
        chosen = self._matching(name, row, table)
        found = [self.slices[at] for at in chosen]
        return [info for info in found if row.frame is None or info.frame == row.frame]

    def _matching(self, name: str, row: RatedName, table: Path) -> list[int]:
        # A whole path comes before one that lacks its extension: `1.2.3` may lie beside `1.2.3.4`.
        for known in (self.by_uid, self.by_path, self.by_stem):
            if name in known:
                return self._of_one_file(known[name], row, table)
        if name in self.folders:
            return self.folders[name]
        if "*" in name or "?" in name:
            return self._like(PurePosixPath(name).parts)
        return self._of_one_file(self.by_end.get(name, []), row, table)

    def _like(self, pattern: Sequence[str]) -> list[int]:
        """Slices whose path ends with a pattern, compared by folders."""
        return [
            at
            for at, parts in enumerate(self.parts)
            if len(parts) >= len(pattern)
            and all(map(fnmatchcase, parts[len(parts) - len(pattern) :], pattern))
        ]

    def _of_one_file(self, found: list[int], row: RatedName, table: Path) -> list[int]:
        paths = sorted({self.slices[at].path for at in found})
        if len(paths) > 1:
            some = ", ".join(paths[:_MAX_NAMED])
            raise RecipeError(
                f"{quoted(row.name)} names {len(paths)} images ({some})",
                path=table,
                remedy="name images by their path in the data folder",
            )
        return found


def name_in(path: str, data: Path) -> str:
    """Give a path as the data folder or archive names it.

    A file given by itself is its name, and a DICOMDIR stands for its folder.
    """
    inside = os.path.relpath(path, data)
    if Path(inside).parts[:1] in ((), ("..",)):
        inside = os.path.relpath(path, data.parent)
    return as_posix(inside)


def as_posix(name: str) -> str:
    """Write a name with ``/`` between its parts."""
    return name.replace("\\", "/").removeprefix("./")


def _without_extension(path: PurePosixPath) -> set[PurePosixPath]:
    """The path without its extension, and without both of ``.nii.gz``."""
    shorter = path.with_suffix("") if path.suffix else path
    return {shorter, shorter.with_suffix("") if path.suffix == ".gz" else shorter}

"""Folder of a rated data set that this package makes: lists, manifest, and journal.

``dataset.json``, ``train.json`` and ``test.json`` map the path of an image to its score.
``manifest.csv`` describes each image. The journal names what is done, so that an interrupted run
goes on where it stopped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from distiliqa.ct.listing import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, file_stamp, make_folder
from distiliqa.foreign_json import parse_json

DATASET, TRAIN, TEST, MANIFEST = "dataset.json", "train.json", "test.json", "manifest.csv"


class ManifestRow(NamedTuple):
    """One rated image.

    Attributes
    ----------
    path : the image, relative to the manifest, with forward slashes.
    case : the patient or study that must not be split between training and validation.
    slice : name of the slice inside its case, the same at every dose.
    dose : relative dose, 1 is full.
    score : the label.
    source : path of the full-dose image of the same slice, written as ``path``.
    """

    path: str
    case: str
    slice: str
    dose: float
    score: float
    source: str


def relative(path: Path, folder: Path) -> str:
    """``path`` as a manifest in ``folder`` names it; it may climb out of the folder."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


@dataclass(frozen=True)
class Summary:
    """Summary of a data set that was made.

    Attributes
    ----------
    folder : folder of the lists and of the images made.
    images : number of rated images.
    train, test : how many of them are in ``train.json`` and ``test.json``.
    reused : number of slices that an earlier run had done.
    problems : files that could not be used.
    """

    folder: Path
    images: int
    train: int
    test: int
    reused: int
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return (
            f"{self.images} rated images in {self.folder} (train.json {self.train}, "
            f"test.json {self.test}); {self.reused} slices were there already"
        )


def remove_lists(folder: Path, report: str) -> None:
    """Remove lists and report of an earlier run before its images are made again."""
    for name in (DATASET, TRAIN, TEST, MANIFEST, report):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(folder / name, error) from error


class Journal:
    """Results by stamp, kept in a file of JSON lines.

    A stamp holds all that a result depends on (see `stamp`): an entry counts only while none of it
    has changed. A line that an interrupted run left incomplete is ignored.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._results: dict[str, dict[str, Any]] = dict(self._read())

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if not self.path.is_file():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = parse_json(line, self.path)
                yield entry.pop("stamp"), entry
            except (DistiliqaError, KeyError, AttributeError, TypeError):
                continue

    def find(self, stamp: str | None) -> dict[str, Any] | None:
        """Result that was entered with the same stamp, else None."""
        return None if stamp is None else self._results.get(stamp)

    def enter(self, stamp: str | None, result: Mapping[str, Any]) -> None:
        """Add an entry. Raises `DistiliqaError` where the file cannot be written."""
        make_folder(self.path.parent)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                # The leading newline keeps this entry apart from a half-written one.
                file.write("\n" + json.dumps({"stamp": stamp, **result}))
        except OSError as error:
            raise cannot_write(self.path, error) from error


def stamp(settings: Sequence[object], files: Sequence[Path]) -> str | None:
    """Text that changes with the settings and with any of the files; None if a file is missing.

    Files are identified by size and time of change, as make does: resuming reads no pixels.
    """
    stamps = [file_stamp(file) for file in files]
    known = [
        (str(file.resolve()), *found)
        for file, found in zip(files, stamps, strict=True)
        if found is not None
    ]
    return None if len(known) < len(files) else json.dumps([*settings, *known])

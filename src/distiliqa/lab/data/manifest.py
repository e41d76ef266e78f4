"""``manifest.csv``: every rated image of a data set, with where it came from."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from distiliqa.files import write_text


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


def write_manifest(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write ``rows`` as CSV, atomically; None is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def relative(path: Path, folder: Path) -> str:
    """``path`` as a manifest in ``folder`` names it; it may climb out of the folder."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()

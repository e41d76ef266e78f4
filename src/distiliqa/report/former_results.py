"""Remove the results of an earlier run from a folder, as they may be of another patient.

Only files that ``run.json`` lists and that have names of results are removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, write_json
from distiliqa.foreign_json import read_json
from distiliqa.foreign_text import MAX_TEXT_BYTES
from distiliqa.scratch import remove_dead

RECORD, FILES = "run.json", "files"

_OF_SCORE = {"distiliqa", "slices", "left_out", "sha256"}  # training and archives have a run.json
_HASH = "[0-9a-f]{8}(?:[0-9a-f]{8})?"
_RESULT = re.compile(
    rf"report\.(html|pdf)|scores\.(csv|json)|series\.csv|sr/{_HASH}\.dcm|heatmaps/{_HASH}(\.nii\.gz|\.dcm)?"
)
_PICTURE = re.compile(r"slice_\d{4,}\.png")


def check_former(folder: Path) -> None:
    """Raise `DistiliqaError` if it is unknown which run wrote the results in a folder."""
    if (record := _record(folder)) is None:
        return
    if isinstance(listed := record.get(FILES), list):
        _check_listed(folder, listed)
        return
    others = [name for name in ("report.pdf", "sr", "heatmaps") if (folder / name).exists()]
    if others:
        raise DistiliqaError(
            f"does not list its files, and {' and '.join(others)} may be of another patient",
            path=folder / RECORD,
            remedy="delete them, or give another --out",
        )


def _check_listed(folder: Path, listed: list[Any]) -> None:
    """Raise `DistiliqaError` if a folder holds maps or reports of series that its run does not."""
    for place in ("sr", "heatmaps"):
        for path in sorted((folder / place).glob("*")):
            name = f"{place}/{path.name}"
            if _RESULT.fullmatch(name) and name not in listed:
                raise DistiliqaError(
                    f"not listed in {RECORD}, and may be of another patient",
                    path=path,
                    remedy=f"delete {place}, or give another folder",
                )


def list_more(folder: Path, names: Iterable[str]) -> None:
    """Add results to the record of the run in a folder, if there is one, for `remove_former`."""
    record = None
    with suppress(DistiliqaError):  # a record of something else lists no results
        record = _record(folder)
    if record is not None and isinstance(record.get(FILES), list):
        listed = dict.fromkeys([*record[FILES], *names])
        write_json(folder / RECORD, record | {FILES: list(listed)})


def remove_former(folder: Path) -> None:
    """Remove the results of an earlier run of ``score``, its ``run.json`` last; no other file.

    Raises
    ------
    DistiliqaError
        See `check_former`, or a file cannot be removed.
    """
    for place in (folder, folder / "sr", folder / "heatmaps"):
        remove_dead(place)
    listed = (_record(folder) or {}).get(FILES)
    for name in listed if isinstance(listed, list) else ():
        if isinstance(name, str) and _RESULT.fullmatch(name):
            remove_result(folder / name)
    remove_result(folder / RECORD)
    for name in ("sr", "heatmaps"):
        with suppress(OSError):  # holds files of others, or is not there
            (folder / name).rmdir()


def remove_result(path: Path) -> None:
    """Remove one result if it is there: a file, or the pictures of a series and their folder.

    Raises
    ------
    DistiliqaError
        It cannot be removed.
    """
    try:
        if not path.is_dir():
            path.unlink(missing_ok=True)
            return
        remove_dead(path)
        for picture in list(path.iterdir()):
            if _PICTURE.fullmatch(picture.name):
                picture.unlink()
    except OSError as error:
        raise cannot_write(path, error) from error
    with suppress(OSError):  # a file of the user lies in it
        path.rmdir()


def _record(folder: Path) -> dict[str, Any] | None:
    """The content of ``run.json``; None where there is none."""
    path = folder / RECORD
    if not path.exists():
        return None
    refused = DistiliqaError(
        "not of `distiliqa score` on one machine, which would replace it",
        path=path,
        remedy="give another --out",
    )
    try:
        content = read_json(path, MAX_TEXT_BYTES)
    except DistiliqaError as error:
        raise refused from error
    if not isinstance(content, dict) or not content.keys() >= _OF_SCORE:
        raise refused
    return content

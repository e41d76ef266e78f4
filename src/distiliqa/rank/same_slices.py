"""Folders of several methods, and the slices that all of them have."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from distiliqa.ct import CTIndex, SliceInfo, index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.matching import ONE_PATIENT_ID, are_of_two_patients, unlike_geometry

# Methods write the same slice in files of different kinds.
_ENDINGS = re.compile(r"(\.(dcm|ima|nii|npy|npz|tiff?|mha|mhd|nrrd|gz|zip))+$", re.IGNORECASE)

MAX_APART_MM = 0.1

Row = tuple[SliceInfo, ...]  # one slice, of each method


@dataclass(frozen=True)
class Folder:
    """Slices of one method, not yet decoded.

    Attributes
    ----------
    name : str
        As results name it: the end of its path that no other method has.
    path : str
        As the user named it.
    index : CTIndex
        Its slices, and the files without one.
    """

    name: str
    path: str
    index: CTIndex


def find_folders(paths: Sequence[str]) -> list[Folder]:
    """Index the folders of methods.

    Raises
    ------
    DistiliqaError : fewer than two, one that is given twice, or one without CT.
    """
    if len(paths) < 2:
        raise DistiliqaError(
            "one method alone has no rank", path=next(iter(paths), None), remedy="give two or more"
        )
    real = [os.path.realpath(path) for path in paths]
    for path, one in zip(paths, real, strict=True):
        if real.count(one) > 1:
            raise DistiliqaError("given twice", path=path, remedy="give each method once")
    named = zip(_names(real), paths, strict=True)
    return [Folder(name, path, index_ct(path)) for name, path in named]


def _names(paths: Sequence[str]) -> list[str]:
    """Ends of paths, as short as they can be and still differ."""
    parts = [Path(path).parts for path in paths]
    length = 1
    while len({part[-length:] for part in parts}) < len(parts):
        length += 1
    return ["/".join(part[-length:]) for part in parts]


def _by_place(info: SliceInfo, _: str) -> Hashable | None:
    if info.position_mm is None or info.patient_id is None:
        return None
    return info.patient_id, round(info.position_mm, 1)


def _by_path(info: SliceInfo, root: str) -> Hashable:
    return _ENDINGS.sub("", os.path.relpath(info.path, root)), info.frame


def _by_name(info: SliceInfo, _: str) -> Hashable:
    return _ENDINGS.sub("", Path(info.path).name), info.frame


Key = Callable[[SliceInfo, str], Hashable | None]
# What shows that two slices are the same: from the best evidence to the weakest.
_EVIDENCE: tuple[Key, ...] = (_by_place, _by_path, _by_name)


def same_slices(folders: Sequence[Folder]) -> list[Row]:
    """Match slices that all methods have: by patient and position, else by path, else by name.

    The evidence is that which matches most slices. What occurs twice in a method matches nothing,
    and neither do slices at different positions or of different patients.

    Raises
    ------
    DistiliqaError : the methods have no slice in common, or pixels of different sizes.
    """
    together = [list(_common(folders, key)) for key in _EVIDENCE]
    found = max(
        ([row for row in rows if not are_of_two_patients(row)] for rows in together), key=len
    )
    for row in chain.from_iterable(together if not found else ()):
        _check_patient(row)
    if not found:
        counts = ", ".join(f"{len(one.index.slices)} in {one.name}" for one in folders)
        raise DistiliqaError(
            f"no slice is in all methods ({counts}): neither positions of a patient nor paths nor "
            "names match",
            remedy="give each method the same slices, with the same names or in DICOM",
        )
    for row in found:
        _check_geometry(row)
    return found


def _common(folders: Sequence[Folder], key: Key) -> Iterator[Row]:
    """Slices that all methods have by one evidence, in the order of the first method."""
    first, *others = [_unique(folder, key) for folder in folders]
    for name, info in first.items():
        if all(name in other for other in others):
            row = (info, *(other[name] for other in others))
            if _at_one_place(row):
                yield row


def _at_one_place(row: Row) -> bool:
    """Whether the positions that are known are equal."""
    known = [info.position_mm for info in row if info.position_mm is not None]
    return not known or max(known) - min(known) < MAX_APART_MM


def _unique(folder: Folder, key: Key) -> dict[Hashable, SliceInfo]:
    keys = [key(info, folder.path) for info in folder.index.slices]
    counts = Counter(keys)
    named = zip(keys, folder.index.slices, strict=True)
    return {name: info for name, info in named if name is not None and counts[name] == 1}


def _check_patient(row: Row) -> None:
    for info in row[1:]:
        if are_of_two_patients((row[0], info)):
            raise DistiliqaError(
                f"another patient than {row[0].path}",
                path=info.path,
                remedy=f"give the same slices; {ONE_PATIENT_ID}",
            )


def _check_geometry(row: Row) -> None:
    for info in row[1:]:
        if (unlike := unlike_geometry(row[0], info)) is not None:
            raise DistiliqaError(
                f"{unlike} as in {row[0].path}: other pixels show other noise",
                path=info.path,
                remedy="reconstruct all methods alike",
            )


def references_of(rows: Sequence[Row], folders: Sequence[Folder], path: str) -> list[SliceInfo]:
    """The slice of a reference for each row.

    Raises
    ------
    DistiliqaError : a row has none, and the message counts them, or one of another patient.
    """
    reference = Folder("reference", path, index_ct(path))
    there = [(key, _unique(reference, key)) for key in _EVIDENCE]
    found = [list(_references(row, folders, there)) for row in rows]
    if missing := sum(not some for some in found):
        raise DistiliqaError(
            f"has no slice for {missing} of the {len(rows)} that all methods have",
            path=path,
            remedy="give the reference of the same slices, with the same names or in DICOM",
        )
    chosen = [_of_one_patient(row, some) for row, some in zip(rows, found, strict=True)]
    for row, info in zip(rows, chosen, strict=True):
        _check_patient((*row, info))
    return chosen


def _references(
    row: Row,
    folders: Sequence[Folder],
    there: Sequence[tuple[Key, dict[Hashable, SliceInfo]]],
) -> Iterator[SliceInfo]:
    """The slices of a reference that may be that of a row, the best evidence first."""
    for key, known in there:
        for info, folder in zip(row, folders, strict=True):
            found = known.get(key(info, folder.path))
            if found is not None and _at_one_place((*row, found)):
                yield found


def _of_one_patient(row: Row, found: Sequence[SliceInfo]) -> SliceInfo:
    same = (info for info in found if not are_of_two_patients((*row, info)))
    return next(same, found[0])


def patients_of(rows: Sequence[Row], root: str) -> tuple[list[Hashable], int]:
    """Name the patient of each row, and count those that no header names.

    Of these each folder stands for a patient.
    """
    named = [next((i.patient_id for i in row if i.patient_id is not None), None) for row in rows]
    patients: list[Hashable] = [
        Path(os.path.relpath(row[0].path, root)).parent if name is None else name
        for row, name in zip(rows, named, strict=True)
    ]
    return patients, named.count(None)

"""Find the CT slices under a path from headers alone, and read them one after the other."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from distiliqa.ct.arrays.npz import index_npz
from distiliqa.ct.containers.archive import is_archive, open_archive
from distiliqa.ct.containers.packed import without_gzip
from distiliqa.ct.containers.walk import BROKEN_LINK, MEND_LINK, natural_key, walk
from distiliqa.ct.formats import FORMATS, index_file, index_one
from distiliqa.ct.listing import CTIndex, Problem, in_reading_order
from distiliqa.ct.slice_info import CTSlice
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.detached import with_header, without_data_files
from distiliqa.errors import CTReadError, NotCTError, without_paths
from distiliqa.files import why_not_regular

_NPZ = ".npz"  # given by itself: in folders it may hold anything
_DICOMDIR = "DICOMDIR"  # lists the images of its folder (PS3.10, 8.6)


class CTWarning(UserWarning):
    """A file under the path gives no slice. The text has its name and the reason."""


def index_ct(path: str | Path, *, require_ct: bool = True) -> CTIndex:
    """Find the CT slices in a file, a folder with its subfolders, or an archive.

    Only headers are read; no pixels are decoded.

    Parameters
    ----------
    path : str or Path
        A file in DICOM (any extension or none), NIfTI, Analyze 7.5, TIFF, NumPy, MHA, MHD or NRRD,
        a folder of these, a zip or tar of DICOM or TIFF, or a .npz of arrays. DICOM, TIFF and tar
        may be gzipped. ``DICOMDIR`` stands for its folder. Hidden files are ignored. Pipes,
        devices and the like are never opened.
    require_ct : bool
        False also takes gray-scale DICOM without the modality CT, such as training images that
        were saved as Secondary Capture.

    Returns
    -------
    CTIndex
        The slices in reading order: series in order of first appearance, slices along their normal
        towards the head. Where positions are unknown, slices are in the order of their names.

    Raises
    ------
    CTReadError
        ``path`` is missing, is one file that cannot be used, or holds no CT slice.
    NotCTError
        All that it holds is readable, and nothing of it is an axial CT slice.
    """
    if not os.path.exists(path):  # before Path, for which an empty text is the working directory
        _missing(path)
    path = Path(path)
    if os.path.isdir(path):
        sources, others = walk(path)
        return _index_many(sources, path, require_ct, others)
    if (reason := why_not_regular(path)) is not None:
        raise CTReadError(reason, path=path, remedy=f"give {FORMATS}")
    if path.name.upper() == _DICOMDIR:
        return index_ct(path.parent, require_ct=require_ct)
    if path.suffix.lower() == _NPZ:
        return index_npz(path)
    if is_archive(path):
        members, others = open_archive(path)
        in_order = sorted(members, key=lambda source: natural_key(source.name))
        return _index_many(in_order, path, require_ct, others)
    source = Source.on_disk(with_header(path))
    if (index := index_file(source, require_ct)) is None:
        raise CTReadError("not a CT image", path=path, remedy=f"give {FORMATS}")
    if index.dose_reports and not index.slices:
        raise NotCTError(index.left_out[0].reason, path=path, remedy="give the CT series too")
    return _ordered(index, [source])


def read_ct(path: str | Path, *, require_ct: bool = True) -> Iterator[CTSlice]:
    """Yield the CT slices of a file, a folder or an archive in reading order.

    One slice is decoded at a time. Each file that gives no slice gives a `CTWarning`; `index_ct`
    returns these files as data.

    Parameters
    ----------
    path : str or Path
        As in `index_ct`.
    require_ct : bool
        As in `index_ct`.

    Yields
    ------
    CTSlice
        One slice at a time.

    Raises
    ------
    CTReadError
        As `index_ct`, and if no slice can be decoded.
    """
    index = index_ct(path, require_ct=require_ct)
    for problem in index.failed + index.left_out:
        warnings.warn(f"{problem.path}: {problem.reason}", CTWarning, stacklevel=2)
    errors = []
    for info in index.slices:
        try:
            image = info.read()
        except CTReadError as error:
            errors.append(error)
            warnings.warn(str(error), CTWarning, stacklevel=2)
        else:
            yield image
    if len(errors) == len(index.slices):
        raise errors[0]


def _missing(path: str | Path) -> NoReturn:
    if os.path.islink(path):
        raise CTReadError(BROKEN_LINK, path=path, remedy=MEND_LINK)
    raise CTReadError("no such file or folder", path=path, remedy="check the path")


def _index_many(sources: list[Source], whole: Path, require_ct: bool, others: CTIndex) -> CTIndex:
    """Index many files. A problem of one file is noted, and the others go on.

    ``others`` has the problems that are known before any file is read.
    """
    parts, unrelated = [others], list[Source]()
    for source in without_data_files(sources):
        if (part := index_one(source, require_ct)) is None:
            unrelated.append(source)
        else:
            parts.append(part)
    reasons = _unrelated(unrelated)
    parts.append(CTIndex(left_out=tuple(Problem(str(whole), reason) for reason in reasons)))
    index = _ordered(CTIndex.joined(parts), sources)
    if not index.slices:
        is_readable = index.left_out and not index.failed
        kind = NotCTError if is_readable else CTReadError
        raise kind(_nothing(index), path=whole, remedy="give axial CT slices")
    return index


def _unrelated(sources: list[Source]) -> Iterator[str]:
    """Count the files that no reader took. A folder may have thousands of each kind."""
    if arrays := sum(source.suffix == _NPZ for source in sources):
        yield f"{arrays} .npz, read only where it is given by itself"
    if others := len(sources) - arrays:
        yield f"{others} {'file that is' if others == 1 else 'files that are'} no image"


def _ordered(index: CTIndex, sources: list[Source]) -> CTIndex:
    by_name = {source.name: source for source in sources}

    def digest(name: str) -> bytes | None:
        try:
            return hashlib.sha256(without_gzip(by_name[name]).read()).digest()
        except Exception:  # damaged members of archives raise many kinds; loading reports it
            return None

    ordered = in_reading_order(index.slices, digest)
    return replace(index, slices=ordered.slices, left_out=index.left_out + ordered.left_out)


def _nothing(index: CTIndex) -> str:
    """The problem of a path that gives no slice."""
    problems = index.failed + index.left_out
    if not problems:
        return "holds no file"
    path, reason = problems[0]
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    # The path is that of a file inside the one that the error names: it may have a patient's name.
    return f"no CT slice that can be read ({without_paths(reason, [path])}{more})"

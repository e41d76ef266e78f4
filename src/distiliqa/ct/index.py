"""Find the CT slices under a path from headers alone, in the order a reader would page them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

from distiliqa.ct.containers.archive import archive_kind, is_archive, open_archive
from distiliqa.ct.containers.gzipped import without_gzip
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.read import index_dicom
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.series import in_reading_order
from distiliqa.ct.source import Source, headers_only
from distiliqa.ct.volumes.detached import with_header, without_data_files
from distiliqa.errors import CTReadError, NotCTError, without_paths
from distiliqa.files import is_generated, why_not_regular

Reader = Callable[[Source], CTIndex]

_FORMATS = "DICOM, NIfTI, TIFF, .npy, MHA, MHD or NRRD"

_BROKEN_LINK, _MEND_LINK = "a link to what is not there", "mount or copy what it leads to"
_OF_LINKS = (errno.ENOENT, errno.ELOOP)

_DICOMDIR = "DICOMDIR"  # lists the images of the folder that it lies in (PS3.10, 8.6)

# What hospitals and archives pack with and this does not unpack.
_PACKED = {".7z", ".rar", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".z", ".tbz2", ".txz"}


def index_ct(path: str | Path, *, require_ct: bool = True) -> CTIndex:
    """Find the CT slices in a file, a folder with its subfolders, or a zip; decode no pixels.

    Parameters
    ----------
    path : str or Path
        DICOM (any extension or none), NIfTI, TIFF, NumPy, MHA, MHD or NRRD; a folder of these, or a
        zip or tar of DICOM or TIFF. Hidden files are ignored. DICOM and TIFF may be gzipped, a tar
        as well. Of a ``DICOMDIR`` the folder that it lies in is read. What is no ordinary file,
        such as a pipe or a device, is never opened.
    require_ct : bool
        False also takes gray-scale DICOM that does not say it is CT, such as training images that
        were saved as Secondary Capture.

    Returns
    -------
    CTIndex
        The slices in reading order: series in order of first appearance, slices along their normal
        towards the head; in the order of their names where positions are unknown.

    Raises
    ------
    CTReadError
        If ``path`` is missing, is one file that cannot be used, or holds no CT slice.
    """
    if not os.path.exists(path):  # before Path, for which an empty text is the working directory
        _missing(path)
    path = Path(path)
    if os.path.isdir(path):
        sources, others = walk(path)
        return _index_many(sources, path, require_ct, others)
    if (reason := why_not_regular(path)) is not None:
        raise CTReadError(reason, path=path, remedy=f"give {_FORMATS}")
    if path.name.upper() == _DICOMDIR:
        return index_ct(path.parent, require_ct=require_ct)
    if is_archive(path):
        members, others = open_archive(path)
        in_order = sorted(members, key=lambda source: _natural(source.name))
        return _index_many(in_order, path, require_ct, others)
    source, reader = _opened(Source.on_disk(with_header(path)), require_ct)
    if reader is None:
        raise CTReadError("not a CT image", path=path, remedy=f"give {_FORMATS}")
    return _ordered(_read(reader, source), [source])


def _missing(path: str | Path) -> NoReturn:
    if os.path.islink(path):
        raise CTReadError(_BROKEN_LINK, path=path, remedy=_MEND_LINK)
    raise CTReadError("no such file or folder", path=path, remedy="check the path")


def walk(folder: Path) -> tuple[list[Source], CTIndex]:
    """The files under a folder in the order of their names, hidden ones left out.

    Returns them with what may not be read, and with the pipes, devices and the like among them,
    which are left out and never opened.
    """
    sources: list[Source] = []
    unreadable, no_files = list[Problem](), list[Problem]()
    visited: set[str] = set()

    def note(error: OSError) -> None:
        place = str(error.filename)
        reason = f"cannot be opened ({error.strerror}); check its permissions"
        if os.path.islink(place) and error.errno in _OF_LINKS:
            reason = f"{_BROKEN_LINK}; {_MEND_LINK}"
        unreadable.append(Problem(place, reason))

    for place, folders, files in os.walk(folder, onerror=note, followlinks=True):
        if (real := os.path.realpath(place)) in visited:  # a link that leads back
            folders.clear()
            continue
        visited.add(real)
        if is_generated(real):
            no_files.append(Problem(place, "a folder that the system makes up"))
            folders.clear()
            continue
        folders[:] = sorted((name for name in folders if name[0] != "."), key=_natural)
        for name in sorted((name for name in files if name[0] != "."), key=_natural):
            path = Path(place, name)
            try:
                plain = stat.S_ISREG(path.lstat().st_mode)
                reason = None if plain else why_not_regular(path)
            except OSError as error:
                note(error)
                continue
            if reason is None:
                sources.append(Source.on_disk(path))
            else:
                no_files.append(Problem(str(path), reason))
    return sources, CTIndex(failed=tuple(unreadable), left_out=tuple(no_files))


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``slice2`` before ``slice10``."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _index_many(sources: list[Source], whole: Path, require_ct: bool, others: CTIndex) -> CTIndex:
    """Index many files; what is wrong with one is noted, and the others go on.

    ``others`` holds what is known already of files that are no source.
    """
    noted = [index_one(source, require_ct) for source in without_data_files(sources)]
    parts = [others, *(part for part in noted if part is not None)]
    if unrelated := noted.count(None):
        reason = f"{unrelated} {'file that is' if unrelated == 1 else 'files that are'} no image"
        parts.append(CTIndex(left_out=(Problem(str(whole), reason),)))
    index = _ordered(CTIndex.joined(parts), sources)
    if not index.slices:
        raise CTReadError(_nothing(index), path=whole, remedy="give axial CT slices")
    return index


def index_one(source: Source, require_ct: bool = True) -> CTIndex | None:
    """Index one of many files, a problem being part of the result; None if it is no image.

    Its slices keep their series: only an index of all files can detect copies and versions.
    """
    try:
        with headers_only():
            source, reader = _opened(source, require_ct)
            return None if reader is None else _read(reader, source)
    except NotCTError as error:
        return CTIndex(left_out=(Problem(source.name, error.reason),))
    except CTReadError as error:
        return CTIndex(failed=(Problem(source.name, error.reason),))
    except OSError as error:  # gone since it was listed
        return CTIndex(failed=(Problem(source.name, f"cannot be opened ({error.strerror})"),))


def _read(reader: Reader, source: Source) -> CTIndex:
    try:
        index = reader(source)
    except CTReadError:
        raise
    except Exception as error:  # the libraries raise many kinds on damaged files
        raise CTReadError(
            f"the header cannot be read ({str(error) or type(error).__name__})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error
    if not (index.slices or index.failed or index.left_out):
        raise CTReadError("holds no slices", path=source.name, remedy="export it again")
    return replace(index, slices=tuple(info.stamped() for info in index.slices))


def _opened(source: Source, require_ct: bool) -> tuple[Source, Reader | None]:
    """A file without its compression, and its reader."""
    reader = _reader_of(source, require_ct)
    if reader is not None or (plain := without_gzip(source)) is source:
        return source, reader
    return plain, _reader_of(plain, require_ct)


def _reader_of(source: Source, require_ct: bool) -> Reader | None:
    """The reader for a file, its library imported only now; None for kinds that hold no CT."""
    if is_dicom(source.start):
        return partial(index_dicom, require_ct=require_ct)
    match source.suffix:
        case ".tif" | ".tiff":
            from distiliqa.ct.arrays.tiff import index_tiff

            return index_tiff
        case ".npy":
            from distiliqa.ct.arrays.npy import index_npy

            return index_npy
        case ".nii" | ".nii.gz" | ".hdr" | ".img":
            from distiliqa.ct.volumes.nifti import index_nifti

            return index_nifti
        case ".mha" | ".mhd":
            from distiliqa.ct.volumes.meta_image import index_meta_image

            return index_meta_image
        case ".nrrd" | ".nhdr":
            from distiliqa.ct.volumes.nrrd import index_nrrd

            return index_nrrd
        case ".dcm" | ".dicom" | ".ima":
            raise CTReadError("not a DICOM file", path=source.name, remedy="copy or export again")
    with source.start.open() as stream:
        kind = archive_kind(source.filename or source.name, stream.read(512))
    if kind is not None:
        raise NotCTError(
            f"a {kind} inside", path=source.name, remedy="unpack it, or give it by itself"
        )
    if source.suffix in _PACKED:
        raise NotCTError("a compressed file", path=source.name, remedy="unpack it")
    return None


def _ordered(index: CTIndex, sources: list[Source]) -> CTIndex:
    by_name = {source.name: source for source in sources}

    def digest(name: str) -> bytes | None:
        try:
            return hashlib.sha256(without_gzip(by_name[name]).read()).digest()
        except Exception:  # damaged members of archives raise many kinds; loading reports it
            return None

    ordered = in_reading_order(index.slices, digest)
    return CTIndex(ordered.slices, index.failed, index.left_out + ordered.left_out)


def _nothing(index: CTIndex) -> str:
    problems = index.failed + index.left_out
    if not problems:
        return "holds no file"
    path, reason = problems[0]
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    # The path would name a file inside of the one that the error is about, see `Problem`.
    return f"no CT slice that can be read ({without_paths(reason, [path])}{more})"

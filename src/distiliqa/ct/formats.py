"""Format of a file, by its bytes and its extension, and the index of one file by its reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from distiliqa.ct.containers.archive import archive_kind
from distiliqa.ct.containers.packed import without_gzip
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.read import index_dicom
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.source import Source, headers_only
from distiliqa.errors import CTReadError, NotCTError

Reader = Callable[[Source], CTIndex]

FORMATS = "DICOM, NIfTI, Analyze 7.5, TIFF, .npy, MHA, MHD or NRRD"

_DICOM = (".dcm", ".dicom", ".ima")
# Compressed formats that hospitals and archives use and that are not unpacked here.
_PACKED = {".7z", ".rar", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".z", ".tbz2", ".txz"}

_START_BYTES = 512


def index_file(source: Source, require_ct: bool = True) -> CTIndex | None:
    """Index the slices of one file; None if it is no image.

    Raises
    ------
    CTReadError : it should be a CT image and cannot be read.
    NotCTError : it is readable and holds no axial CT image.
    OSError : it was removed after it was listed.
    """
    source, reader = _opened(source, require_ct)
    return None if reader is None else _read(reader, source)


def index_one(source: Source, require_ct: bool = True) -> CTIndex | None:
    """Index one of many files; a problem is part of the result. None if it is no image.

    Copies and versions of a series need an index of all files; here slices keep their series.
    """
    try:
        with headers_only():
            return index_file(source, require_ct)
    except NotCTError as error:
        return CTIndex(left_out=(Problem(source.name, error.reason),))
    except CTReadError as error:
        return CTIndex(failed=(Problem(source.name, error.reason),))
    except OSError as error:
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
    """Open a file without its compression, and find its reader."""
    reader = _reader_of(source, require_ct)
    if reader is not None or (plain := without_gzip(source)) is source:
        return source, reader
    return plain, _reader_of(plain, require_ct)


def _reader_of(source: Source, require_ct: bool) -> Reader | None:
    """The reader for a file, its library imported only now; None for kinds that hold no CT."""
    if is_dicom(source.start):
        return partial(index_dicom, require_ct=require_ct)
    with source.start.open() as stream:
        start = stream.read(_START_BYTES)
    if (reader := _reader_by_suffix(source.suffix)) is not None:
        return reader
    if not start and _may_be_image(source):
        raise CTReadError("empty (0 bytes)", path=source.name, remedy="copy or export it again")
    if source.suffix in _DICOM:
        raise CTReadError("not a DICOM file", path=source.name, remedy="copy or export again")
    if (kind := archive_kind(source.filename or source.name, start)) is not None:
        raise NotCTError(
            f"a {kind} inside", path=source.name, remedy="unpack it, or give it by itself"
        )
    if source.suffix in _PACKED:
        raise NotCTError("a compressed file", path=source.name, remedy="unpack it")
    return None


def _may_be_image(source: Source) -> bool:
    """Whether a name is that of an image. Many DICOM files are called like ``IM1`` or ``1.2.3``."""
    suffix = source.suffix
    return suffix.endswith((*_DICOM, ".gz")) or not suffix.strip(".").isalpha()


def _reader_by_suffix(suffix: str) -> Reader | None:
    match suffix:
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
    return None

"""Volumes with pixels in a second file: MHD, detached NRRD, pairs of .hdr and .img."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp, file_stamp, sha256

_OF_PIXELS = (".img", ".raw", ".zraw", ".raw.gz", ".bin", ".dat")


def data_file(path: Path) -> Path | None:
    """The file of the pixels of a header; None where they are in the same file.

    Raises
    ------
    OSError : the header cannot be read.
    CTReadError : the header is damaged, or the pixels are in several files.
    """
    match path.suffix.lower():
        case ".hdr":
            return path.with_suffix(_like(path.suffix, ".img"))
        case ".mha" | ".mhd":
            from distiliqa.ct.volumes.meta_image import read_meta_image

            data = read_meta_image(path).voxels.path
        case ".nrrd" | ".nhdr":
            from distiliqa.ct.volumes.nrrd import read_nrrd

            data = read_nrrd(path).voxels.path
        case _:
            return None
    return None if data == path else data


def without_data_files(sources: list[Source]) -> list[Source]:
    """Leave out the files of pixels whose header is among ``sources``: both are one volume.

    A header may name any file. One that can be an image by itself stays.
    """
    named = set()
    for source in sources:
        with suppress(OSError, CTReadError):  # the reader of the header reports it
            named.add(None if source.file is None else data_file(source.file))
    return [
        source
        for source in sources
        if source.file is None or source.file not in named or source.suffix not in _OF_PIXELS
    ]


def with_header(path: Path) -> Path:
    """The header beside an .img file; the path itself if there is none."""
    header = header_of(path)
    return header if path.suffix.lower() == ".img" and header.is_file() else path


def header_of(path: Path) -> Path:
    """Path of the header of an .img file, which may be missing."""
    return path.with_suffix(_like(path.suffix, ".hdr"))


def _like(suffix: str, other: str) -> str:
    return other.upper() if suffix.isupper() else other


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of an input: itself, then the one of its pixels where it is a header alone.

    Two scans may have equal headers, so that only both say which scan it is. Damage, and pixels
    that are missing, are not reported here but by the reader of the file.
    """
    with suppress(OSError, CTReadError):
        data = data_file(path)
        if data is not None and data.is_file():
            return path, data
    return (path,)


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of an input with its pixels, see `files_of`; None where it is missing."""
    return file_stamp(*files_of(path)) or file_stamp(path)


def sha256_of(path: Path) -> str:
    """SHA-256 of an input with its pixels, see `files_of`, in hexadecimal.

    Raises
    ------
    OSError : it cannot be read.
    DistiliqaError : it is no ordinary file.
    """
    return sha256(*files_of(path))

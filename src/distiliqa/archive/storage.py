"""Files of an archive, on a disk that all machines share or in an object store."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType, LocalFileSystem

from distiliqa.ct import Problem
from distiliqa.ct.volumes.detached import files_of
from distiliqa.errors import CTReadError, DistiliqaError, without_paths
from distiliqa.files import FileStamp, file_stamp, open_regular, why_not_regular
from distiliqa.foreign_text import encoding_of
from distiliqa.pacs.retry import PassingError, Retries

START_BYTES = 1 << 16  # holds the header of nearly every file
_THREADS = 16  # a file server answers many requests at a time
_LOCAL = LocalFileSystem()
_RETRIES = Retries(attempts=3, first_wait_s=0.5)
_PERMANENT = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


Stamped = tuple[str, FileStamp]  # a path and the stamp of its file


def is_uri(path: str) -> bool:
    """Whether a path names an object store, such as ``s3://bucket/folder``."""
    return "://" in path


def on_disk(path: str) -> Path | None:
    """The file on a disk; None for one in an object store."""
    if not is_uri(path):
        return Path(path)
    system, inside, _ = _locate(path)
    return Path(inside) if system is _LOCAL else None


def absolute(path: str) -> str:
    """The path in the form that every machine and every later run uses."""
    return path.rstrip("/") if is_uri(path) else os.path.abspath(path)


def kind_of(path: str) -> FileType:
    """Whether a path is a file, a folder or missing.

    Raises
    ------
    DistiliqaError
        The store cannot be reached, or its kind is unknown.
    """
    system, inside, _ = _locate(path)
    try:
        return system.get_file_info(inside).type
    except OSError as error:
        raise DistiliqaError(
            f"cannot be looked at ({_message(error, inside)})",
            path=path,
            remedy="check the path, the network and the credentials of the store",
        ) from error


def read(path: str, goes_on: Callable[[bytes], bool] = lambda start: True) -> bytes:
    """All bytes of a file, read again where a store fails in ways that may pass.

    Parameters
    ----------
    goes_on : Callable[[bytes], bool]
        Called with the first `START_BYTES`; where it returns False, no more is read.

    Raises
    ------
    CTReadError
        It cannot be read.
    """
    try:
        return _RETRIES.call(partial(_read_once, path, goes_on))
    except PassingError as error:
        raise CTReadError(error.problem, path=path, remedy="run again") from error


def _read_once(path: str, goes_on: Callable[[bytes], bool]) -> bytes:
    system, inside, _ = _locate(path)
    is_local = system is _LOCAL
    try:
        with open_regular(inside) if is_local else system.open_input_stream(inside) as file:
            start = file.read(START_BYTES)
            return start + file.read() if goes_on(start) else start
    except OSError as error:
        problem = f"cannot be read ({_message(error, inside)})"
        kind = CTReadError if isinstance(error, _PERMANENT) else PassingError
        raise kind(problem, path=path, remedy="run again") from error


def open_text(path: str) -> TextIO:
    """Open a text file in UTF-8, or in the encoding of its byte order mark."""
    system, inside, _ = _locate(path)
    file = system.open_input_file(inside)
    encoding = encoding_of(file.read(4))
    file.seek(0)
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def stamps(paths: Sequence[str]) -> Iterator[Stamped | Problem]:
    """Yield the paths with their stamps, or their problems, in order."""
    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(_stamp, paths)


def files_under(folder: str, without: Path | None = None) -> Iterator[Stamped | Problem]:
    """Yield the files under a folder with their stamps, without hidden ones, as they are found.

    A folder that cannot be listed is a problem, and the search continues.

    Parameters
    ----------
    without : Path or None
        Folder inside it to leave out.
    """
    waiting, visited = [folder], set[str]()
    if without is not None and (real := os.path.realpath(without)) != _real(folder):
        visited.add(real)
    with ThreadPoolExecutor(_THREADS) as pool:
        while waiting:
            now, waiting = waiting[-_THREADS:], waiting[:-_THREADS]
            now = [path for path in now if _is_new(path, visited)]
            for found in pool.map(_listed, now):
                for entry in found:
                    if isinstance(entry, str):
                        waiting.append(entry)
                    else:
                        yield entry


def _is_new(folder: str, visited: set[str]) -> bool:
    """Whether a folder was not visited before; a link may lead back."""
    real = _real(folder)
    known = real in visited
    visited.add(real)
    return not known


def _real(folder: str) -> str:
    """The folder that links lead to; in a store, which has no links, its URI."""
    path = folder.removeprefix("file://")
    return path if is_uri(path) else os.path.realpath(path)


def _listed(folder: str) -> list[str | Stamped | Problem]:
    """The folders in a folder, and its files with their stamps."""
    system, inside, root = _locate(folder)
    try:
        infos = system.get_file_info(FileSelector(inside))
    except OSError as error:
        return [Problem(folder, f"cannot be listed ({_message(error, inside)})")]
    found: list[str | Stamped | Problem] = []
    for info in infos:
        try:
            if not info.base_name.startswith("."):
                is_folder = info.type == FileType.Directory
                found.append(root + info.path if is_folder else _stamped(root, info))
        except UnicodeDecodeError:  # Arrow and Parquet hold text alone
            found.append(Problem(folder, "holds a name that is not UTF-8: rename it"))
    return found


def _stamp(path: str) -> Stamped | Problem:
    try:
        system, inside, root = _locate(path)
        info = system.get_file_info(inside)
    except DistiliqaError as error:
        return Problem(path, error.reason)
    except OSError as error:
        return Problem(path, f"cannot be looked at ({_message(error, path)})")
    if info.type == FileType.NotFound:
        return Problem(path, "no such file; check the manifest")
    if info.type == FileType.Directory:
        return Problem(path, "a folder, not a file; give the folder itself as input")
    return _stamped(root, info)


def _stamped(root: str, info: FileInfo) -> Stamped | Problem:
    path = root + info.path
    if info.type == FileType.Unknown:  # on a disk alone
        return Problem(path, why_not_regular(info.path) or "not a file")
    place = on_disk(path)
    files = () if place is None else files_of(place)
    both = file_stamp(*files) if len(files) > 1 else None  # a header, and the file of its pixels
    return path, both or FileStamp(info.size or 0, info.mtime_ns or 0)


def _locate(path: str) -> tuple[FileSystem, str, str]:
    """The file system of a path, the path inside it, and the prefix of the whole path."""
    if not is_uri(path):
        return _LOCAL, path, ""
    parts = urlsplit(path)
    store = f"{parts.scheme}://{parts.netloc}"
    system, base = _store(store, parts.scheme)
    inside = base + path.removeprefix(store)
    return system, inside, store.removesuffix(base)


@cache
def _store(store: str, scheme: str) -> tuple[FileSystem, str]:
    """The file system of an object store, and its base there, such as the bucket."""
    if scheme == "file":
        return _LOCAL, ""
    try:
        system, base = FileSystem.from_uri(store)
    except (OSError, ValueError, NotImplementedError) as error:
        raise DistiliqaError(
            f"cannot be opened ({_message(error, store)})",
            path=store,
            remedy="file, s3, gs, abfs and hdfs are known; check name, region and credentials",
        ) from error
    return system, base.rstrip("/")


def _message(error: Exception, path: str) -> str:
    """The message of an error of pyarrow, without the path that it names."""
    return " ".join(without_paths(str(error), [path]).split())

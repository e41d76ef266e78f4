"""Files that a browser sends: bounded, each whole or not there, in folders of their own."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from threading import Lock

from distiliqa.ct.containers.archive import is_archive
from distiliqa.errors import DistiliqaError, quoted
from distiliqa.files import cannot_write, make_folder, private_folder
from distiliqa.scratch import scratch_path

MAX_FILES = 50_000  # of one upload
MAX_FILE_BYTES = 8 << 30
MAX_UPLOAD_BYTES = 32 << 30
MIN_FREE_BYTES = 1 << 30  # on the disk, after a file
MAX_DEPTH, MAX_NAME_BYTES = 32, 200
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass
class _Sent:
    """What has arrived of an upload: files and bytes, and the files that have or will have come."""

    files: int = 0
    bytes: int = 0
    names: set[Path] = field(default_factory=set)


class Uploads:
    """The uploads of a server, each in ``FOLDER/ID``.

    Parameters
    ----------
    folder : Path
        Their folder, which only its owner may read.
    used : Iterable[Path]
        Folders of uploads that jobs still need; the others, which a browser has left, are removed.
        What else lies in a folder of that name is the user's.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(self, folder: Path, used: Iterable[Path] = ()) -> None:
        self.folder = folder
        private_folder(folder)
        kept = {path.name for path in used}
        for left in folder.iterdir():
            if left.name not in kept and _ID.fullmatch(left.name):
                shutil.rmtree(left, ignore_errors=True)
        self._sent: dict[str, _Sent] = {}
        self._lock = Lock()

    def begin(self) -> str:
        """The id of a new upload."""
        number = secrets.token_hex(8)
        private_folder(self.folder / number)
        self._sent[number] = _Sent()
        return number

    async def receive(self, number: str, name: str, content: AsyncIterator[bytes]) -> None:
        """Write one file of an upload.

        Parameters
        ----------
        number : str
            The id of the upload.
        name : str
            Its path inside what was dropped, parts separated by ``/``.
        content : AsyncIterator[bytes]
            Its bytes, as they arrive.

        Raises
        ------
        DistiliqaError
            No such upload, a name that is not safe or that another file has, too much, or a full
            disk.
        """
        path = self._folder_of(number).joinpath(*safe_parts(name))
        self._check_count(number)
        try:
            with self._claimed(number, path):
                await self._write(number, path, content)
        finally:
            if number not in self._sent:  # it was removed meanwhile, but for this file
                shutil.rmtree(self.folder / number, ignore_errors=True)

    async def _write(self, number: str, path: Path, content: AsyncIterator[bytes]) -> None:
        make_folder(path.parent)
        partial = scratch_path(path.parent)
        try:
            with partial.open("wb") as file:
                size = 0
                async for block in content:
                    size += len(block)
                    self._check_size(number, size)
                    file.write(block)
            partial.replace(path)
        except OSError as error:
            self._sent_of(number)
            raise cannot_write(path, error) from error
        finally:
            partial.unlink(missing_ok=True)
        with self._lock:
            sent = self._sent_of(number)
            sent.files, sent.bytes = sent.files + 1, sent.bytes + size

    def inputs(self, number: str) -> tuple[str, ...]:
        """What `distiliqa.scoring.inputs.find_slices` takes: the folder, then its archives."""
        folder = self._folder_of(number)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        packed = [path for path in files if is_archive(path)]
        if not files:
            raise DistiliqaError("nothing was sent", remedy="drop files or a folder with files")
        plain = [] if len(packed) == len(files) else [folder]
        return tuple(map(str, (*plain, *packed)))

    def count(self, number: str) -> int:
        """Number of its files."""
        return self._sent.get(number, _Sent()).files

    def remove(self, number: str) -> None:
        """Delete an upload, of this server or an earlier one."""
        self._sent.pop(number, None)
        if _ID.fullmatch(number) is not None:
            shutil.rmtree(self.folder / number, ignore_errors=True)

    def _folder_of(self, number: str) -> Path:
        self._sent_of(number)
        return self.folder / number

    def _sent_of(self, number: str) -> _Sent:
        """What has arrived of an upload, which may have been removed meanwhile."""
        if (sent := self._sent.get(number)) is None:
            raise DistiliqaError("no such upload", remedy="drop the files again")
        return sent

    @contextmanager
    def _claimed(self, number: str, path: Path) -> Iterator[None]:
        """Give a name to one file of an upload, unless that file does not arrive.

        Files of several folders may come without their folders. The second one of a name is not
        renamed: a header names the file of its pixels.
        """
        with self._lock:
            names = self._sent_of(number).names
            if path in names or path.exists():
                raise DistiliqaError(
                    f"two of the files are called {quoted(path.name)}",
                    remedy="drop the folders that hold them, one after the other",
                )
            names.add(path)
        try:
            yield
        except BaseException:
            names.discard(path)
            raise

    def _check_count(self, number: str) -> None:
        if self._sent_of(number).files >= MAX_FILES:
            raise DistiliqaError(
                f"more than {MAX_FILES:,} files in one drop",
                remedy="start distiliqa serve with the folder",
            )

    def _check_size(self, number: str, size: int) -> None:
        whole = size + self._sent_of(number).bytes
        if size > MAX_FILE_BYTES or whole > MAX_UPLOAD_BYTES:
            most = MAX_FILE_BYTES if size > MAX_FILE_BYTES else MAX_UPLOAD_BYTES
            raise DistiliqaError(
                f"more than {most >> 30} GiB", remedy="start distiliqa serve with the folder"
            )
        if shutil.disk_usage(self.folder).free < MIN_FREE_BYTES:
            raise DistiliqaError(
                "the disk is almost full", remedy="free some space, or start with another --out"
            )


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a path that a browser names, none of which leads out of its folder.

    Raises
    ------
    DistiliqaError
        A part is empty, hidden, reserved by a system, too long, or is not printable.
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or len(parts) > MAX_DEPTH or not all(map(_is_safe, parts)):
        raise DistiliqaError(
            f"{quoted(name)} is no name that can be kept",
            remedy="rename it, and drop it again",
        )
    return parts


def _is_safe(part: str) -> bool:
    is_short = len(part.encode("utf-8", "surrogatepass")) <= MAX_NAME_BYTES
    is_plain = part.isprintable() and not set(part) & set('<>:"/\\|?*')
    is_hidden = part.startswith(".") or part != part.rstrip(". ")
    return is_short and is_plain and not is_hidden and not _is_reserved(part)


def _is_reserved(part: str) -> bool:
    """Whether Windows takes the name for a device: ``NUL``, ``com1.dcm``."""
    return PureWindowsPath(part).is_reserved()

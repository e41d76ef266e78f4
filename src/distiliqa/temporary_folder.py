"""A private folder for what must not outlive its process, however that ends.

On an error, Ctrl-C, SIGTERM or SIGHUP the folder is removed at once. What SIGKILL or a power
failure leaves, the next process that makes such a folder removes: nobody holds its lock.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, private_folder
from distiliqa.folder_lock import only_one

_OWNER = "owner"
_LOCK = f"{_OWNER}.lock"
_ATTEMPTS = 3


@contextmanager
def temporary_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A new empty folder that its owner alone may look into; it is removed at the end.

    Parameters
    ----------
    prefix : its name begins so. Abandoned folders of this prefix are removed.
    parent : where to make it; the temporary folder of the system if None.

    Raises
    ------
    DistiliqaError : the folder cannot be written.
    KeyboardInterrupt : SIGTERM or SIGHUP came.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    remove_abandoned(prefix, parent)
    with _signals_interrupt(), ExitStack() as stack:
        content = _held(prefix, parent, stack)
        try:
            yield content
        finally:
            stack.close()  # Windows removes no file that is open
            _remove(content.parent)


def remove_abandoned(prefix: str, parent: Path) -> None:
    """Remove the folders of `temporary_folder` whose process has ended without doing so."""
    for folder in parent.glob(f"{prefix}*"):
        if not _is_ours(folder):
            continue
        try:
            with only_one(folder, _OWNER):
                shutil.rmtree(folder / "content", ignore_errors=True)
        except DistiliqaError:  # its process is alive
            continue
        _remove(folder)


def _held(prefix: str, parent: Path, stack: ExitStack) -> Path:
    """The inside of a new folder whose lock is held until ``stack`` is closed."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        except OSError as error:
            raise cannot_write(parent, error) from error
        try:
            stack.enter_context(only_one(folder, _OWNER))
            # Another process may have taken the new folder for an abandoned one just before.
            if (folder / _LOCK).exists():
                return private_folder(folder / "content")
        except DistiliqaError:
            if attempt == _ATTEMPTS:
                raise
        _remove(folder)
    raise DistiliqaError("cannot be held", path=parent, remedy="try again")


def _is_ours(folder: Path) -> bool:
    """Whether this user made the folder: others may write to the temporary folder too."""
    if folder.is_symlink() or not (folder / _LOCK).is_file():
        return False
    return os.name != "posix" or folder.lstat().st_uid == os.getuid()


def _remove(folder: Path) -> None:
    # What is private goes first: as long as the lock is there, a later process finds the rest.
    shutil.rmtree(folder / "content", ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the process as Ctrl-C does, where nothing else was asked for."""
    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)

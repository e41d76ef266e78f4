"""Temporary files and folders, removed by a later run where a process was killed.

Their name holds the machine, the process and the start of that process. What a dead process left is
removed by the next one that writes into the folder. Processes of another machine or container
cannot be checked from here: their files count as left after a day without change.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

MAX_IDLE_S = 24 * 3600.0

_NAME = re.compile(r"\.distiliqa-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}(?:\.[a-z.]+)?")
_swept = set[str]()


def scratch_path(folder: Path) -> Path:
    """A new path in an existing folder; what dead processes left there is removed.

    This is done once for each folder and process: what is left later stays until the next run.
    """
    if (place := os.path.realpath(folder)) not in _swept:
        _swept.add(place)
        remove_dead(folder)
    pid = os.getpid()
    name = f".distiliqa-{_machine()}-{pid}-{_start_of(pid)}-{secrets.token_hex(4)}.part"
    return folder / name


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """A private folder in ``folder``, removed at the end; see `scratch_path`.

    SIGTERM and SIGHUP raise `KeyboardInterrupt` inside, so that they remove it too.
    """
    path = scratch_path(folder)
    with interrupted_by_signals():
        path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `KeyboardInterrupt` as Ctrl-C does, so that all is tidied up.

    Other handlers, such as that of nohup, stay. Outside the main thread this does nothing, for
    only that thread gets signals.
    """
    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    unset = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in unset:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in unset:
            signal.signal(number, signal.SIG_DFL)


def remove_dead(folder: Path) -> None:
    """Remove the temporary files of dead processes from a folder."""
    with suppress(OSError):  # the writing itself reports what is wrong
        for entry in list(os.scandir(folder)):
            found = _NAME.fullmatch(entry.name)
            if found is not None and _is_dead(Path(entry.path), *found.groups()):
                _remove(Path(entry.path))


def _is_dead(path: Path, machine: str, pid: str, start: str) -> bool:
    if machine == _machine() and os.name == "posix":  # on Windows a signal 0 is Ctrl-C
        return not _runs(int(pid)) or _start_of(int(pid)) != int(start)
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > MAX_IDLE_S
    return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # of another user
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@cache
def _machine() -> str:
    """A digest of this machine and its name space of process numbers; each container has one."""
    space = 0
    with suppress(OSError):
        space = os.stat("/proc/self/ns/pid").st_ino
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]


def _start_of(pid: int) -> int:
    """Start of a process in clock ticks of its system (proc_pid_stat(5), field 22).

    0 if unknown; -1 for a zombie, which has ended and awaits its parent.
    """
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return -1 if fields[0] == b"Z" else int(fields[19])
    return 0

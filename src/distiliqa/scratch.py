"""Files and folders that are being made, named so that a later run knows what a dead one left.

The name holds the machine, the process and when that process started. What a process left that does
not run any more is removed by the next that writes into the folder. Where a name is of another
machine or container, of which nobody here knows what runs there, a day without a change decides.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from distiliqa.signals import interrupted_by_signals

MAX_IDLE_S = 24 * 3600.0

_NAME = re.compile(r"\.distiliqa-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}(?:\.[a-z.]+)?")
_swept = set[str]()


def scratch_path(folder: Path) -> Path:
    """A new path in ``folder``, which must be there; what dead processes left there is removed.

    Looked for once a folder and process: another may be killed meanwhile, and its files stay until
    the next starts.
    """
    if (place := os.path.realpath(folder)) not in _swept:
        _swept.add(place)
        remove_dead(folder)
    pid = os.getpid()
    name = f".distiliqa-{_machine()}-{pid}-{_start_of(pid)}-{secrets.token_hex(4)}.part"
    return folder / name


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """A new folder in ``folder`` for its owner alone, removed at the end; see `scratch_path`.

    SIGTERM and SIGHUP are an end too: they raise `KeyboardInterrupt` here.
    """
    path = scratch_path(folder)
    with interrupted_by_signals():
        path.mkdir(mode=0o700)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def remove_dead(folder: Path) -> None:
    """Remove what processes that do not run any more were writing into a folder."""
    with suppress(OSError):  # whoever writes there is told
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
    """This machine and its name space of process numbers, of which each container has its own."""
    space = 0
    with suppress(OSError):
        space = os.stat("/proc/self/ns/pid").st_ino
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]


def _start_of(pid: int) -> int:
    """When a process started, in ticks of its system (proc_pid_stat(5), field 22); 0 if unknown.

    -1 for one that has ended and that its parent has not asked for yet.
    """
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return -1 if fields[0] == b"Z" else int(fields[19])
    return 0

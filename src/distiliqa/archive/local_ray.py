"""Ray on this machine: on loopback only, without calls to any network, removed in the end.

By default Ray listens on all addresses, makes its folder writable for all users, and asks the
metadata services of three clouds where it runs. Two of its processes outlive a killed driver.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import ray
from ray._private import ray_constants, services

from distiliqa.errors import DistiliqaError
from distiliqa.folder_lock import only_one

_STORE_BYTES = 128 << 20  # paths and scores are small; pixels stay in their worker
_PREFIX = "distiliqa-ray-"
_LOCK = "driver"
_MAX_ROUNDS = 100
_INNER = "ray"  # Ray makes it writable for all users, who cannot enter the folder around it


@contextmanager
def local_ray(processors: int | None) -> Iterator[None]:
    """Run a session of Ray on this machine.

    Parameters
    ----------
    processors : int or None
        Number of processors to use; None for all.
    """
    parent = _parent()
    remove_dead(parent)
    with _private_folder(parent) as folder, _on_loopback(), _without_api_server():
        # Other users who reach the ports of Ray could run programs here. The token prevents it;
        # Ray would keep one in the home folder.
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        try:
            with silent_core():
                ray.init(
                    address="local",
                    num_cpus=processors,
                    object_store_memory=_STORE_BYTES,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=str(folder / _INNER),
                )
            yield
        finally:
            ray.shutdown()


@contextmanager
def _private_folder(parent: Path) -> Iterator[Path]:
    """Hold a folder whose files are removed before its lock is released.

    This process still has some of them open. Another driver would take it for what a killed driver
    left, and end it.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    with only_one(folder, _LOCK):
        try:
            yield folder
        finally:
            shutil.rmtree(folder / _INNER, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def silent_core() -> Iterator[None]:
    """Keep lines that Ray's core writes past Python from the screen."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _parent() -> Path:
    """A folder with a short name: the path of a socket has at most 107 characters."""
    return Path("/tmp") if os.path.isdir("/tmp") else Path(tempfile.gettempdir())


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Make Ray and its processes use 127.0.0.1 as the address of this machine."""
    name, before = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR, ray_constants.ENABLE_RAY_CLUSTER
    given = os.environ.get(name)
    os.environ[name], ray_constants.ENABLE_RAY_CLUSTER = "0", False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
        if given is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = given


@contextmanager
def _without_api_server() -> Iterator[None]:
    """Start no dashboard: all it does here is report usage and query clouds."""
    before = services.start_api_server
    services.start_api_server = lambda *_, **__: (None, None)
    try:
        yield
    finally:
        services.start_api_server = before


def remove_dead(parent: Path) -> None:
    """Remove the folders and processes that killed drivers left in ``parent``."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if not (_is_own(folder) and (folder / f"{_LOCK}.lock").is_file()):
            continue
        try:
            with only_one(folder, _LOCK):
                _end_processes(folder)
        except DistiliqaError:  # its driver lives
            continue
        shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    try:
        return not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    except (OSError, AttributeError):  # removed meanwhile; Windows has no such number
        return False


def _end_processes(folder: Path) -> None:
    """End the processes that hold a file of a folder open, where the system lists them.

    A process may have started another before it ends, and ends a moment after it is killed.
    """
    for _ in range(_MAX_ROUNDS):
        holders = [
            int(process.name)
            for process in Path("/proc").glob("[0-9]*")
            if int(process.name) != os.getpid() and _holds(process, folder / _INNER)
        ]
        if not holders:
            return
        for number in holders:
            with suppress(ProcessLookupError):  # ended meanwhile
                os.kill(number, signal.SIGKILL)
        time.sleep(0.1)


def _holds(process: Path, folder: Path) -> bool:
    """Whether a process has a file of a folder open; a driver that has ended removed its own."""
    try:
        files = [os.readlink(file) for file in (process / "fd").iterdir()]
    except OSError:  # of another user, or ended meanwhile
        return False
    return any(f.startswith(f"{folder}/") and not f.endswith(" (deleted)") for f in files)

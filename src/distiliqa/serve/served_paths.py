"""The paths that `distiliqa serve` was given, by kind: to score, results, monitors, listeners."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from distiliqa.ct.volumes.detached import stamp_of
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp, file_stamp
from distiliqa.monitor.run import DATABASE
from distiliqa.serve.stored_results import is_results

MAX_AT_ONCE = 20_000  # files of a folder that is scored without being asked for


@dataclass(frozen=True)
class ServedPaths:
    """The paths of the command line, by kind.

    Attributes
    ----------
    inputs : tuple[Path, ...]
        Files and folders that may be scored; nothing beside them is read.
    results, monitors, listeners : tuple[Path, ...]
        Folders of results, databases of monitors, folders of listeners.
    """

    inputs: tuple[Path, ...] = ()
    results: tuple[Path, ...] = ()
    monitors: tuple[Path, ...] = ()
    listeners: tuple[Path, ...] = ()

    def label(self, path: Path) -> str:
        """A name that identifies nobody for a path that was given, or lies in one."""
        held = [_lies_in(Path(os.path.realpath(path)), root) for root in self.inputs]
        if len(held) == 1 or not any(held):
            return "a path that was given"
        return f"path {held.index(True) + 1} of the {len(held)} that were given"

    def confined(self, name: str) -> Path:
        """The file or folder of that name, which lies in what was given.

        Parameters
        ----------
        name : str
            A path, or a path inside of a folder that was given.

        Raises
        ------
        DistiliqaError
            It is not there, or leads out of what was given.
        """
        held = False
        for root in self.inputs:
            try:
                path = Path(os.path.realpath(root / name))
                if _lies_in(path, root):
                    held = True
                    if path.exists():
                        return path
            except (OSError, ValueError):  # no system has a file of such a name
                held = True
        if held:
            raise DistiliqaError("no such file or folder", remedy="check the path")
        raise DistiliqaError(
            "not in a folder that distiliqa serve was started with",
            remedy="start it with that folder",
        )


def _lies_in(path: Path, root: Path) -> bool:
    """Whether a path without links is a file or folder that was given, or lies in it."""
    return path.is_relative_to(os.path.realpath(root))


def classify(paths: Iterable[Path]) -> ServedPaths:
    """Sort the arguments of the command line by what they are.

    Raises
    ------
    DistiliqaError
        One of them is not there.
    """
    inputs, results, monitors, listeners = [], [], [], []
    for path in paths:
        if not path.exists():
            raise DistiliqaError("no such file or folder", path=path, remedy="check the path")
        if path.suffix == ".sqlite" or (path / DATABASE).is_file():
            monitors.append(path if path.is_file() else path / DATABASE)
        elif is_results(path):
            results.append(path)
        elif (path / "queue").is_dir() and (path / "received.csv").is_file():
            listeners.append(path)
        else:
            inputs.append(path)
    return ServedPaths(tuple(inputs), tuple(results), tuple(monitors), tuple(listeners))


def state_of(path: Path, without: Path | None = None) -> str | None:
    """Hash of names, sizes and times of a file or of those in a folder, wherever it lies.

    Parameters
    ----------
    without : Path or None
        Folder inside it to leave out, such as the one of the server.

    Returns
    -------
    str or None
        None for more than `MAX_AT_ONCE` files.
    """
    digest = hashlib.sha256()
    for count, (name, stamp) in enumerate(_stamps(path, without), 1):
        if count > MAX_AT_ONCE:
            return None
        digest.update(f"{name}\0{stamp}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _stamps(path: Path, without: Path | None) -> Iterator[tuple[str, FileStamp | None]]:
    """Names, relative to a folder, and stamps."""
    if path.is_file():
        yield path.name, stamp_of(path)
    left_out = None if without is None else os.path.realpath(without)
    for folder, below, names in os.walk(path):
        below[:] = sorted(
            name for name in below if os.path.realpath(os.path.join(folder, name)) != left_out
        )
        for name in sorted(names):
            found = Path(folder, name)
            yield str(found.relative_to(path)), file_stamp(found)

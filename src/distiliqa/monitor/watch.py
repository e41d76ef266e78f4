"""New files of a folder that are complete."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from distiliqa.ct import Problem
from distiliqa.ct.containers.walk import walk
from distiliqa.ct.volumes.detached import stamp_of
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp


class Look(NamedTuple):
    """What one look at the folder found.

    Attributes
    ----------
    ready : files to score, the oldest first, with their stamps.
    waiting : number of new files that may still be written.
    unreadable : files and folders that may not be read.
    no_files : pipes, devices and the like, which are not opened.
    """

    ready: dict[Path, FileStamp]
    waiting: int
    unreadable: list[Problem]
    no_files: list[Problem]


@dataclass
class Watch:
    """Looks at a folder again and again, by polling, which network shares allow too.

    Attributes
    ----------
    folder : the folder, with its subfolders.
    settle : seconds without change before a file counts as complete.
    leave_out : a folder inside it that is not looked at: the monitor's own.
    clock : seconds, never set back.
    """

    folder: Path
    settle: float
    leave_out: Path | None = None
    clock: Callable[[], float] = time.monotonic
    _seen: dict[Path, tuple[FileStamp, float]] = field(default_factory=dict)

    def look(self, done: Mapping[str, FileStamp]) -> Look:
        """Find the files that are not ``done``, by `name_of` them, in the state of their stamp.

        Raises
        ------
        DistiliqaError : the folder is not there.
        """
        if not os.path.isdir(self.folder):  # Path.is_dir raises where a network share is stale
            raise DistiliqaError("no such folder", path=self.folder, remedy="check or mount it")
        now = self.clock()
        sources, others = walk(self.folder)
        new = {
            path: stamp
            for path in (source.file for source in sources)
            if path is not None and not self._is_own(path) and (stamp := stamp_of(path)) is not None
            if done.get(name_of(path)) != stamp
        }
        self._seen = {path: self._since(path, stamp, now) for path, stamp in new.items()}
        settled = {
            path: stamp for path, (stamp, since) in self._seen.items() if now - since >= self.settle
        }
        in_order = sorted(settled.items(), key=lambda item: item[1].modified_ns)
        return Look(dict(in_order), len(new) - len(settled), [*others.failed], [*others.left_out])

    def _since(self, path: Path, stamp: FileStamp, now: float) -> tuple[FileStamp, float]:
        seen = self._seen.get(path)
        return seen if seen is not None and seen[0] == stamp else (stamp, now)

    def _is_own(self, path: Path) -> bool:
        return self.leave_out is not None and self.leave_out in path.parents


def name_of(path: Path) -> str:
    r"""A path as text that any file can hold: a byte that is not UTF-8 becomes ``\udcXX``."""
    return str(path).encode("utf-8", "backslashreplace").decode()

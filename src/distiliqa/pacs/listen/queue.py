"""The queue of received objects on disk, which survives a crash.

    FOLDER/receiving/<any name>                            being received
    FOLDER/arriving/<series UID>/<SOP Instance UID>.dcm    acknowledged, more may come
    FOLDER/complete/<name>/<SOP Instance UID>.dcm          to be scored

The name of a complete series is the short hash of its UID. If more images come after it was scored,
it is scored again with its earlier images, as ``<hash>-2``: no result is ever overwritten. Of two
series with one short hash, the second gets such a name too, and no images of the first.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock

from pydicom import dcmread

from distiliqa.ct.dicom.tags import raw_text
from distiliqa.files import cannot_write, make_folder, private_folder, sync_file, sync_folder
from distiliqa.pacs.identifiers import checked_uid, is_uid
from distiliqa.report.names import short_hash

# A series is scored after this time, even if its sender never stops.
MAX_OPEN_S = 3600.0


@dataclass
class _Arrival:
    first: float
    last: float


class Queue:
    """Objects by series, of one listener; threads may use it at the same time.

    Parameters
    ----------
    folder : Path
        Folder of the queue; objects that an earlier listener left count as just arrived.
    is_taken : Callable[[str], bool]
        Function that returns whether a name has results already.
    kept : Sequence[Path]
        Folders with the images of earlier series by name; they may be missing.
    clock : Callable[[], float]
        Function that returns rising seconds.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        is_taken: Callable[[str], bool],
        kept: Sequence[Path] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        private_folder(folder)
        self.arriving = make_folder(folder / "arriving")
        self.complete = make_folder(folder / "complete")
        self.receiving = make_folder(folder / "receiving")
        for half in self.receiving.glob("*.dcm"):
            half.unlink()
        self._is_taken, self._kept = is_taken, kept
        self._clock = clock
        self._lock = Lock()
        now = clock()
        self._arrivals = {series.name: _Arrival(now, now) for series in _left_over(self.arriving)}

    def put(self, series: str, instance: str, received: Path) -> None:
        """Move one object, a DICOM file, into the queue; it is on the disk on return.

        An object that is sent again replaces the earlier one, and does not extend the wait.

        Parameters
        ----------
        received : Path
            A file in `receiving`.

        Raises
        ------
        DistiliqaError
            A UID is not valid, or the disk does not take it.
        """
        folder = self.arriving / checked_uid(series, "series")
        path = folder / f"{checked_uid(instance, 'object')}.dcm"
        sync_file(received)
        with self._lock:
            is_new = not path.exists()
            make_folder(folder)
            received.replace(path)
            sync_folder(folder)
            sync_folder(self.arriving)  # the folder may be new
            now = self._clock()
            arrival = self._arrivals.setdefault(series, _Arrival(now, now))
            if is_new:
                arrival.last = now

    def ask_again(self, series: str) -> None:
        """Let a series be scored again with the images that are kept of it.

        Raises
        ------
        DistiliqaError
            The UID is not valid, or the disk is full.
        """
        with self._lock:
            make_folder(self.arriving / checked_uid(series, "series"))
            now = self._clock()
            self._arrivals.setdefault(series, _Arrival(now, now))

    def take_complete(self, quiet_s: float) -> list[Path]:
        """Folders of the series to score, for which nothing came in ``quiet_s`` seconds.

        A series to which objects come without end is complete after `MAX_OPEN_S`. A folder that is
        not removed is returned again.

        Raises
        ------
        DistiliqaError
            A series cannot be moved.
        """
        with self._lock:
            now = self._clock()
            for series, arrival in list(self._arrivals.items()):
                is_endless = now - arrival.first >= max(MAX_OPEN_S, quiet_s)
                if is_endless or now - arrival.last >= quiet_s:
                    self._complete(series)
            return _folders(self.complete)

    def _complete(self, series: str) -> None:
        name, arrived = short_hash(series), self.arriving / series
        if _of_name(self.complete, name):
            return  # the earlier images are still to be scored
        target = self.complete / self._free_name(name)
        try:
            for earlier in self._earlier(series):
                _take_back(earlier, arrived)
            if any(arrived.iterdir()):
                arrived.rename(target)
            else:  # it was asked for again, and its images are kept no more
                arrived.rmdir()
        except OSError as error:
            raise cannot_write(target, error) from error
        del self._arrivals[series]

    def _earlier(self, series: str) -> list[Path]:
        """The folders with earlier images of a series, the last ones first."""
        name = short_hash(series)
        found = (path for kept in self._kept for path in reversed(_of_name(kept, name)))
        return [path for path in found if _may_be_of(path, series)]

    def _free_name(self, name: str) -> str:
        names = (name if n == 1 else f"{name}-{n}" for n in count(1))
        return next(free for free in names if not self._is_taken(free))


def _of_name(folder: Path, name: str) -> list[Path]:
    """The folders of one name in ``folder``, in the order in which they were made."""
    found = [path for path in _folders(folder) if path.name.partition("-")[0] == name]
    return sorted(found, key=lambda path: (len(path.name), path.name))


def _may_be_of(folder: Path, series: str) -> bool:
    """Whether no image in ``folder`` states another series: two UIDs may have one short hash."""
    for image in sorted(folder.glob("*.dcm")):
        try:
            header = dcmread(image, stop_before_pixels=True, specific_tags=["SeriesInstanceUID"])
        except Exception:  # pydicom raises many kinds on damaged files
            continue
        if (uid := raw_text(header, "SeriesInstanceUID")) is not None:
            return uid == series
    return True  # none of them can be scored, so no patients are mixed


def _take_back(earlier: Path, arrived: Path) -> None:
    """Move the images of ``earlier`` to those that arrived, which have precedence."""
    for image in earlier.glob("*.dcm"):
        if not (arrived / image.name).exists():
            image.rename(arrived / image.name)
    sync_folder(arrived)
    shutil.rmtree(earlier)


def _left_over(folder: Path) -> list[Path]:
    """The series in ``folder``, without the objects that were never acknowledged."""
    for partial in folder.glob("*/.*.part"):
        partial.unlink()
    found = [series for series in _folders(folder) if is_uid(series.name)]
    for series in found:
        if not any(series.glob("*.dcm")):
            shutil.rmtree(series)
    return [series for series in found if series.exists()]


def _folders(folder: Path) -> list[Path]:
    """The folders in ``folder``, sorted, without hidden ones and other files."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")

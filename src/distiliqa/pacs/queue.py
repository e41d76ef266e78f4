"""The queue of received objects on disk, which outlives a crash.

    FOLDER/arriving/<series UID>/<SOP Instance UID>.dcm    acknowledged, more may come
    FOLDER/complete/<name>/<SOP Instance UID>.dcm          no more came: to be scored

The name of a complete series is the short hash of its UID; a series that goes on after it was
complete makes another, ``<hash>-2``, so that no result is ever overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from weakref import WeakSet

from distiliqa.files import cannot_write, make_folder, private_folder, write_durably
from distiliqa.pacs.uids import checked_uid
from distiliqa.report.names import short_hash


@dataclass
class _Arrival:
    last: float
    senders: set[Hashable] = field(default_factory=set)


class Queue:
    """Objects by series, of one listener; threads may use it at the same time.

    Parameters
    ----------
    folder : what an earlier listener left in it is taken up, as if it had arrived just now.
    is_taken : whether the results have a series of this name already.
    clock : seconds, rising.

    Raises
    ------
    DistiliqaError : the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        is_taken: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        private_folder(folder)
        self.arriving = make_folder(folder / "arriving")
        self.complete = make_folder(folder / "complete")
        self._is_taken = is_taken
        self._clock = clock
        self._lock = Lock()
        self._released: WeakSet[Hashable] = WeakSet()
        self._arrivals = {each.name: _Arrival(clock()) for each in _left_over(self.arriving)}

    def put(self, series: str, instance: str, content: bytes, sender: Hashable) -> None:
        """Keep one object, a DICOM file, that ``sender`` has sent; it is on the disk on return.

        An object that is sent again replaces the earlier one.

        Parameters
        ----------
        sender : whatever stands for its connection; it can be referred to weakly.

        Raises
        ------
        DistiliqaError : a UID is not valid, or the disk does not take it.
        """
        path = self.arriving / checked_uid(series, "series") / checked_uid(instance, "object")
        with self._lock:
            write_durably(path.with_name(f"{path.name}.dcm"), content)
            arrival = self._arrivals.setdefault(series, _Arrival(0))
            arrival.last = self._clock()
            # It may hang up, in another thread, while its last object is still on the way here.
            if sender not in self._released:
                arrival.senders.add(sender)

    def release(self, sender: Hashable) -> None:
        """Note that ``sender`` has hung up: the quiet time of what it sent starts."""
        with self._lock:
            self._released.add(sender)
            for arrival in self._arrivals.values():
                if sender in arrival.senders:
                    arrival.senders.remove(sender)
                    arrival.last = self._clock()

    def take_complete(self, quiet_s: float) -> list[Path]:
        """Folders of the series to score: those for which nothing came since ``quiet_s`` seconds.

        The sender must have hung up before. A folder that is not removed is given again.

        Raises
        ------
        DistiliqaError : a series cannot be moved.
        """
        with self._lock:
            now = self._clock()
            for series, arrival in list(self._arrivals.items()):
                if not arrival.senders and now - arrival.last >= quiet_s:
                    self._complete(series)
            return sorted(self.complete.iterdir())

    def _complete(self, series: str) -> None:
        target = self.complete / self._free_name(short_hash(series))
        try:
            (self.arriving / series).rename(target)
        except OSError as error:
            raise cannot_write(target, error) from error
        del self._arrivals[series]

    def _free_name(self, name: str) -> str:
        names = (name if n == 1 else f"{name}-{n}" for n in count(1))
        return next(
            each for each in names if not (self._is_taken(each) or (self.complete / each).exists())
        )


def _left_over(folder: Path) -> list[Path]:
    """The series in ``folder``, without the objects that were never acknowledged."""
    for partial in folder.glob("*/.*.part"):
        partial.unlink()
    series = list(folder.iterdir())
    for each in series:
        if not any(each.iterdir()):
            each.rmdir()
    return [each for each in series if each.exists()]

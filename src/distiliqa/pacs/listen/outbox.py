"""Objects to send, on disk until their receiver has them.

FOLDER/<name>.dcm             to be sent
FOLDER/refused/<name>.dcm     refused for good, and not sent any more
FOLDER/refused/<name>.txt     the reason
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic, time_ns

from distiliqa.files import private_folder, write_durably, write_text
from distiliqa.pacs.retry import Backoff, PassingError, RefusedError, Retries, loggable

LOG = logging.getLogger(__name__)
# Without end: a server that is back gets its reports after the maximum wait at the latest.
PERSISTENCE = Retries(first_wait_s=2.0, max_wait_s=30.0)
# For an object that fails while others are sent.
_ALONE = Retries(first_wait_s=2.0, max_wait_s=300.0)
MAX_FAILURES_ALONE = 10
# So many failures in a row are failures of the server.
_MAX_FAILURES_IN_A_ROW = 2
_POLL_S = 0.5


class Outbox:
    """DICOM objects in a folder, sent in order of arrival until their receiver acknowledges them.

    If an object fails, the objects after it are tried. If one of them arrives, the failure is that
    of the object, which is tried later on its own. Else the server is away, and all wait. An object
    that is refused for good, or fails `MAX_FAILURES_ALONE` times while others arrive, is set aside.

    After a crash an object may be sent twice; the receiver knows its SOP Instance UID.

    Parameters
    ----------
    folder : Path
        Folder of the outbox, with the objects that an earlier listener could not send.
    send : Callable[[Path], None]
        Function that sends one file; it raises `RefusedError`, `PassingError` or another error
        unless the receiver has the object.
    retries : Retries
        Waits while the server is away; the number of attempts is not limited.

    Raises
    ------
    DistiliqaError
        The folder cannot be written.
    """

    def __init__(
        self, folder: Path, send: Callable[[Path], None], retries: Retries = PERSISTENCE
    ) -> None:
        self.folder = private_folder(folder)
        self.refused = folder / "refused"
        self._send = send
        self._failed: dict[str, str] = {}  # reasons by name
        self._alone: dict[str, Backoff] = {}  # those that fail while others are sent
        self._server = Backoff(retries)  # rounds without any success
        self._last_ns = max((_arrival(path)[0] for path in self._waiting()), default=0)

    def put(self, path: Path, name: str) -> None:
        """Add a copy of a file as ``name``; `DistiliqaError` on a full disk."""
        write_durably(self.folder / name, path.read_bytes())
        # The time of a file is its place in the queue, also after the clock is set back.
        self._last_ns = max(time_ns(), self._last_ns + 1)
        os.utime(self.folder / name, ns=(self._last_ns, self._last_ns))

    def send_due(self) -> None:
        """Send the waiting objects in order, until the server proves to be away."""
        now = monotonic()
        waiting = self._waiting()
        ordinary = [path for path in waiting if path.name not in self._alone]
        is_away = now < self._server.due
        if not is_away or any(path.name not in self._failed for path in ordinary):
            self._send_in_order(ordinary)
        alone = {path: self._alone[path.name] for path in waiting if path.name in self._alone}
        due = [path for path, backoff in alone.items() if now >= backoff.due]
        if due:  # one at a time, as it may delay new objects
            self._try_alone(min(due, key=lambda path: alone[path].due))

    def run(self, stop: Event) -> None:
        """Send objects that are due until ``stop`` is set; for a thread of its own."""
        while not stop.wait(_POLL_S):
            try:
                self.send_due()
            except Exception as error:  # else sending would stop without notice
                LOG.error("the outbox: %s", loggable(error))

    def _waiting(self) -> list[Path]:
        found = [path for path in self.folder.glob("*.dcm") if path.name[0] != "."]
        return sorted((path for path in found if path.is_file()), key=_arrival)

    def _send_in_order(self, paths: list[Path]) -> None:
        failed: list[Path] = []  # since the last success
        for path in paths:
            # New objects are always tried: they show whether the server is back.
            if len(failed) >= _MAX_FAILURES_IN_A_ROW and path.name in self._failed:
                continue
            error = self._try(path)
            if error is None:
                self._server = Backoff(self._server.retries)
                for other in failed:
                    self._postpone(other)
                failed = []
            elif not isinstance(error, RefusedError):
                failed.append(path)
        if failed:
            self._server.fail()

    def _try(self, path: Path) -> Exception | None:
        """Send one object; returns the error if it was not sent, and logs it if it is new."""
        # A failure of one object must not stop the others.
        try:
            self._send(path)
        except RefusedError as error:
            self._set_aside(path, error.reason)
            return error
        except Exception as error:
            if self._failed.get(path.name) != (why := loggable(error)):
                wait_s = self._alone.get(path.name, self._server).next_wait_s
                LOG.warning("%s: not sent, again in %.0f s: %s", path.stem, wait_s, why)
            self._failed[path.name] = why
            return error
        path.unlink()
        self._forget(path)
        LOG.info("%s: sent", path.stem)
        return None

    def _try_alone(self, path: Path) -> None:
        error = self._try(path)
        if error is None or isinstance(error, RefusedError):
            return
        failures = self._alone[path.name].failures
        if not isinstance(error, PassingError) and failures >= MAX_FAILURES_ALONE:
            self._set_aside(path, loggable(error))
            return
        self._postpone(path)

    def _postpone(self, path: Path) -> None:
        """Try an object later on its own, as others were sent while it failed."""
        self._alone.setdefault(path.name, Backoff(_ALONE)).fail()

    def _set_aside(self, path: Path, reason: str) -> None:
        private_folder(self.refused)
        write_text(self.refused / f"{path.stem}.txt", f"{reason}\n")
        path.replace(self.refused / path.name)
        self._forget(path)
        LOG.error("%s: refused for good, it is kept in %s: %s", path.stem, self.refused, reason)

    def _forget(self, path: Path) -> None:
        for notes in (self._failed, self._alone):
            notes.pop(path.name, None)


def _arrival(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name

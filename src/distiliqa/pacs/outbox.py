"""What is still to be sent, on disk: nothing leaves it before its receiver has it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from distiliqa.files import private_folder, write_durably
from distiliqa.pacs.log import reason
from distiliqa.pacs.retry import Retries

LOG = logging.getLogger(__name__)
# Forever, but not often: the longest that a server which is back waits for its reports.
PERSISTENCE = Retries(first_wait_s=2.0, longest_wait_s=300.0)
_LOOK_S = 0.5


class Outbox:
    """DICOM objects in a folder, each sent until its receiver has acknowledged it.

    An object that a crash leaves here after it was sent is sent again: its SOP Instance UID tells
    the receiver that it has it.

    Parameters
    ----------
    folder : what an earlier listener could not send is in it.
    send : sends one file; it raises `DistiliqaError` as long as the receiver does not have it.
    retries : how long to wait after failures; the attempts are not counted.

    Raises
    ------
    DistiliqaError : the folder cannot be written.
    """

    def __init__(
        self, folder: Path, send: Callable[[Path], None], retries: Retries = PERSISTENCE
    ) -> None:
        self.folder = private_folder(folder)
        self._send = send
        self._retries = retries
        self._failures: dict[str, int] = {}
        self._due: dict[str, float] = {}

    def put(self, path: Path, name: str) -> None:
        """Keep a copy of a file, to be sent, as ``name``; `DistiliqaError` on a full disk."""
        write_durably(self.folder / name, path.read_bytes())

    def send_due(self) -> None:
        """Try once to send each object whose time has come."""
        for path in sorted(self.folder.glob("*.dcm")):
            if time.monotonic() >= self._due.get(path.name, 0.0):
                self._try(path)

    def run(self, stop: Event) -> None:
        """Send what is due, over and over, until ``stop`` is set; for a thread of its own."""
        while not stop.wait(_LOOK_S):
            try:
                self.send_due()
            except Exception as error:  # nothing would be sent any more, and nobody would know
                LOG.error("the outbox: %s", reason(error))

    def _try(self, path: Path) -> None:
        # Whatever one object causes must not keep the others from being sent.
        try:
            self._send(path)
            path.unlink()
        except Exception as error:
            failures = self._failures[path.name] = self._failures.get(path.name, 0) + 1
            wait_s = self._retries.wait_s(failures)
            self._due[path.name] = time.monotonic() + wait_s
            LOG.warning("%s: not sent, again in %.0f s: %s", path.stem, wait_s, reason(error))
        else:
            self._failures.pop(path.name, None)
            LOG.info("%s: sent", path.stem)

"""Connections of a listener: limited in number, with preference for senders of images.

At the limit, the least useful connection is closed for a new one: first one without an association,
then one that has stored nothing, then one that has stored nothing lately; among those, the oldest
of the address with the most connections. So no number of idle peers keeps a sender out.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock

LOG = logging.getLogger(__name__)

MAX_CONNECTIONS = 32
# A sender that stored an object so recently is active.
BUSY_S = 30.0


@dataclass(eq=False)
class Connection:
    """One connected peer.

    Attributes
    ----------
    socket, address : socket and address of the peer.
    since : float
        Time of the connection or of the last stored object, seconds.
    is_associated : bool
        Whether it has an association.
    has_stored : bool
        Whether it has stored an object.
    """

    socket: socket.socket
    address: str
    since: float
    is_associated: bool = False
    has_stored: bool = False


class Connections:
    """The connections of one listener; threads may use it at the same time.

    Parameters
    ----------
    clock : Callable[[], float]
        Seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._open: list[Connection] = []
        self._is_crowded = False

    def admit(self, sock: socket.socket, address: str) -> Connection | None:
        """Note a new connection; None where all others are active, so that it must be closed."""
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                self._warn()
                if (other := self._least_useful()) is None:
                    return None
                self._open.remove(other)
                _close(other)
            connection = Connection(sock, address, self._clock())
            self._open.append(connection)
            return connection

    def note_association(self, connection: Connection) -> None:
        """Note that the peer has an association."""
        connection.is_associated = True

    def note_stored(self, connection: Connection) -> None:
        """Note that the peer has stored an object now."""
        connection.has_stored, connection.since = True, self._clock()

    def leave(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        with self._lock, suppress(ValueError):  # it may have been closed for another one
            self._open.remove(connection)
            self._is_crowded = self._is_crowded and len(self._open) > MAX_CONNECTIONS // 2

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for connection in self._open:
                _close(connection)

    def _least_useful(self) -> Connection | None:
        now = self._clock()
        count = Counter(connection.address for connection in self._open)
        idle = [
            connection
            for connection in self._open
            if not connection.has_stored or now - connection.since > BUSY_S
        ]

        def usefulness(connection: Connection) -> tuple[bool, bool, int, float]:
            has_stored, is_associated = connection.has_stored, connection.is_associated
            return has_stored, is_associated, -count[connection.address], connection.since

        return min(idle, key=usefulness, default=None)

    def _warn(self) -> None:
        if not self._is_crowded:  # once, not for every new connection
            self._is_crowded = True
            LOG.warning(
                "%d connections at once: those that store nothing are closed for others",
                MAX_CONNECTIONS,
            )


def _close(connection: Connection) -> None:
    # The threads that read from it detect its end, and close it.
    with suppress(OSError):
        connection.socket.shutdown(socket.SHUT_RDWR)

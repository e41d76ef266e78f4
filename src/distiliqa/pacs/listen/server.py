"""A DICOM server that limits its connections and survives any message."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import MSG_PEEK, socket
from socketserver import BaseServer
from typing import Any, cast

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RSP
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import RequestHandler, ThreadedAssociationServer

from distiliqa.pacs.listen.connections import MAX_CONNECTIONS, Connection, Connections
from distiliqa.pacs.listen.peer import BoundedMessages, BoundedSocket
from distiliqa.pacs.retry import loggable

LOG = logging.getLogger(__name__)
STORED = 0x0000  # PS3.4, table B.2-1
# From the connection to the complete request for an association; for one PDU, of some 16 kB;
# between two PDUs.
ASSOCIATE_S, PDU_S, IDLE_S = 10.0, 30.0, 120.0


@contextmanager
def serving(entity: AE, host: str, port: int, handlers: list[Any]) -> Iterator[int]:
    """Serve associations in threads of their own.

    Parameters
    ----------
    handlers : list[Any]
        Handlers of events, as `AE.start_server` takes them.

    Yields
    ------
    The port of the server.

    Raises
    ------
    OSError
        The address is taken or not of this machine.
    """
    entity.acse_timeout, entity.dimse_timeout, entity.network_timeout = ASSOCIATE_S, PDU_S, IDLE_S
    entity.maximum_associations = 2 * MAX_CONNECTIONS  # `Connections` counts them
    server = cast(
        _Server,
        entity.make_server(
            (host, port), server_class=_Server, request_handler=_Handler, evt_handlers=handlers
        ),
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with _failures_in_one_line():
        try:
            yield server.server_address[1]
        finally:
            BaseServer.shutdown(server)
            server.server_close()
            server.connections.close()


class _Server(ThreadedAssociationServer):
    daemon_threads = True
    request_queue_size = 4 * MAX_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.connections = Connections()
        self.admitted: dict[socket, Connection] = {}
        super().__init__(*args, **kwargs)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        connection = self.connections.admit(request, client_address[0])
        if connection is not None:
            self.admitted[request] = connection
        return connection is not None

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        LOG.warning("a connection failed: %s", type(error).__name__)


class _Handler(RequestHandler):
    """One connection, from its first byte to its last."""

    server: _Server

    def setup(self) -> None:
        self.connection = self.server.admitted.pop(self.request)
        self.association: Association | None = None

    def handle(self) -> None:
        # An association has busy threads: a silent peer gets none.
        if self._sends_data():
            super().handle()
            assert self.association is not None
            self.association.join()

    def finish(self) -> None:
        if self.association is not None:
            cast(BoundedMessages, self.association.dimse).discard()
        self.server.shutdown_request(self.request)
        self.server.connections.leave(self.connection)

    def _sends_data(self) -> bool:
        self.request.settimeout(ASSOCIATE_S)
        try:
            return bool(self.request.recv(1, MSG_PEEK))
        except OSError:
            return False

    def _create_association(self) -> Association:
        association = self.association = super()._create_association()
        association.dimse = BoundedMessages(association)
        association.dul.event_queue.get()  # the connection, which the next line repeats
        association.dul.socket = BoundedSocket(association, client_socket=self.request)
        association.bind(evt.EVT_ESTABLISHED, self._note_association)
        association.bind(evt.EVT_DIMSE_SENT, self._note_answer)
        return association

    def _note_association(self, event: Any) -> None:
        self.server.connections.note_association(self.connection)

    def _note_answer(self, event: Any) -> None:
        if isinstance(event.message, C_STORE_RSP) and event.message.command_set.Status == STORED:
            self.server.connections.note_stored(self.connection)


@contextmanager
def _failures_in_one_line() -> Iterator[None]:
    """Log errors in threads of pynetdicom, which would print a traceback."""
    before = threading.excepthook

    def log(failure: Any) -> None:
        if isinstance(failure.thread, Association | DULServiceProvider):
            LOG.warning("an association failed: %s", loggable(failure.exc_value))
        else:
            before(failure)

    threading.excepthook = log
    try:
        yield
    finally:
        threading.excepthook = before

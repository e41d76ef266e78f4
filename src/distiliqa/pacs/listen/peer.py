"""Limits for one peer: how much it may send at once, and how long it may take (DICOM PS3.8).

pynetdicom reads a PDU of any length, for any time, into memory.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import AssociationSocket

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.retry import loggable

LOG = logging.getLogger(__name__)

# We ask for 16 kB, and a request for an association may be longer.
MAX_PDU_BYTES = 1 << 20
# A command, and the data of any message but C-STORE: these are in memory.
MAX_COMMAND_BYTES = 2 * MAX_PDU_BYTES
# 4000 slices of 512 x 512 pixels of 16 bits.
MAX_OBJECT_BYTES = 2 << 30
# Requests without waiting for an answer, which no association here allows.
MAX_WAITING = 8


class BoundedSocket(AssociationSocket):
    """A connection that ends if its peer sends too much at once or too slowly."""

    def recv(self, nr_bytes: int) -> bytearray:
        """Read a number of bytes of a PDU, fewer if the peer closes the connection.

        The time-outs of the association limit the time.

        Raises
        ------
        OSError
            The number is too large, or the bytes do not come in time.
        """
        if nr_bytes > MAX_PDU_BYTES:
            raise OSError(f"a PDU of over {MAX_PDU_BYTES} bytes")
        limit_s = self.assoc.dimse_timeout if self.assoc.is_established else self.assoc.acse_timeout
        end = time.monotonic() + (limit_s or 0.0)
        received = bytearray()
        while len(received) < nr_bytes:
            left_s = end - time.monotonic()
            if self.socket is None or left_s <= 0:
                raise TimeoutError("a PDU that does not come in time")
            self.socket.settimeout(left_s)
            part = self.socket.recv(nr_bytes - len(received))
            if not part:
                break
            received += part
        if self.socket is not None:
            self.socket.settimeout(limit_s)  # an answer may take as long to be sent
        return received


class BoundedMessages(DIMSEServiceProvider):
    """The messages of an association, which ends if one is too long or not DICOM."""

    def __init__(self, assoc: Association) -> None:
        super().__init__(assoc)
        self._command_bytes = self._data_bytes = 0

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take a part of a message. A fault in it ends its association alone."""
        try:
            self._check(primitive)
            super().receive_primitive(primitive)
            if self.message is None:
                self._command_bytes = self._data_bytes = 0
            if self.msg_queue.qsize() > MAX_WAITING:
                raise DistiliqaError("it does not wait for answers")
        except Exception as error:
            address = self.assoc.requestor.address_info
            problem = (
                loggable(error)
                if isinstance(error, DistiliqaError | OSError)
                else "what it sends is not DICOM"
            )
            LOG.warning("%s: its association ends: %s", address and address.address, problem)
            self.discard()
            self.dul.event_queue.put("Evt19")  # invalid PDU: PS3.8, section 9.2

    def discard(self) -> None:
        """Remove objects that came in part, or were not taken."""
        waiting: list[Any] = []
        while not self.msg_queue.empty():
            waiting.append(self.msg_queue.get()[1])
        files = [getattr(request, "_dataset_file", None) for request in waiting]
        if self.message is not None:
            files.append(self.message._data_set_file)
            self.message = None
        for file in files:
            if file is not None:
                with suppress(OSError):  # of a full disk
                    file.close()
                with suppress(OSError):
                    os.unlink(file.name)

    def _check(self, primitive: P_DATA) -> None:
        for _, data in primitive.presentation_data_value_list:
            is_command = data[0] & 1  # the message control header: PS3.8, annex E.2
            if is_command and self.message is not None and self.message.context_id is not None:
                raise DistiliqaError("it sends two commands in one message")
            if is_command:
                self._command_bytes += len(data)
            else:
                self._data_bytes += len(data)
        is_on_disk = self.message is not None and self.message._data_set_file is not None
        limit = MAX_OBJECT_BYTES if is_on_disk else MAX_COMMAND_BYTES
        if self._command_bytes > MAX_COMMAND_BYTES or self._data_bytes > limit:
            raise DistiliqaError("it sends an object or a command without end")

"""A C-STORE receiver: what a scanner or PACS sends to (DICOM PS3.4, annex B)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from pydicom import dcmread
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    LegacyConvertedEnhancedCTImageStorage,
    RLELossless,
)
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from distiliqa.ct.decoders import DECODER_DEPENDENCIES, is_available
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.queue import Queue
from distiliqa.pacs.uids import checked_uid
from distiliqa.report.names import short_hash

LOG = logging.getLogger(__name__)

# Statuses of C-STORE: PS3.4, table B.2-1.
STORED = 0x0000
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

_CT = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)
_BY_PYDICOM = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless)
_NAME_LENGTH = 16  # of an application entity title: PS3.5, table 6.2-1


@contextmanager
def receiving(queue: Queue, host: str, port: int, aet: str) -> Iterator[int]:
    """Answer C-ECHO, and put the CT objects of C-STORE into ``queue``, in threads of their own.

    An object is acknowledged once it is on the disk, and refused as out of resources where the
    disk does not take it, so that its sender keeps it. Only senders that call ``aet`` are heard.

    Parameters
    ----------
    host : the address to listen at; ``127.0.0.1`` hears this machine alone, ``0.0.0.0`` all.
    port : 0 takes a free one.

    Yields
    ------
    The port that it listens at.

    Raises
    ------
    DistiliqaError : the address is taken or not of this machine, or ``aet`` is not a valid title.
    """
    entity = AE(ae_title=checked_aet(aet))
    entity.require_called_aet = True
    entity.add_supported_context(Verification)
    for kind in _CT:
        entity.add_supported_context(kind, _transfer_syntaxes())
    handlers: list[Any] = [(evt.EVT_C_STORE, _store, [queue])]
    try:
        server: Any = entity.start_server((host, port), block=False, evt_handlers=handlers)
    except OSError as error:
        raise DistiliqaError(
            f"cannot listen ({error.strerror})",
            path=f"{host}:{port}",
            remedy="choose another --port or --host",
        ) from error
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def checked_aet(title: str) -> str:
    """An application entity title: 1 to 16 printable characters, no backslash (PS3.5, 6.2).

    Raises
    ------
    DistiliqaError : it is not valid.
    """
    stripped = title.strip()
    printable = stripped.isascii() and stripped.isprintable() and "\\" not in stripped
    if not printable or not 1 <= len(stripped) <= _NAME_LENGTH:
        raise DistiliqaError(
            f"not a valid application entity title: {title!r}",
            remedy="1 to 16 letters, digits or _",
        )
    return stripped


def _transfer_syntaxes() -> list[str]:
    """Those that can be decoded; a sender picks another, or decodes itself, where one is not."""
    return [*_BY_PYDICOM, *(uid for uid in DECODER_DEPENDENCIES if is_available(uid))]


def _store(event: Any, queue: Queue) -> int:
    instance = event.request.AffectedSOPInstanceUID
    content = event.encoded_dataset()
    try:
        header = dcmread(
            BytesIO(content),
            stop_before_pixels=True,
            specific_tags=["SeriesInstanceUID", "SOPInstanceUID"],
        )
        series = checked_uid(header.SeriesInstanceUID, "series")
        if checked_uid(header.SOPInstanceUID, "object") != instance:
            raise ValueError("the message and the object name different objects")
    # Whatever a damaged object causes concerns that object alone.
    except Exception as error:
        LOG.warning("refused an object that cannot be read (%s)", type(error).__name__)
        return CANNOT_UNDERSTAND
    try:
        queue.put(series, instance, content)
    except (DistiliqaError, OSError) as error:
        LOG.error("%s: refused an object: %s", short_hash(series), error)
        return OUT_OF_RESOURCES
    return STORED

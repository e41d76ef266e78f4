"""A C-STORE receiver for scanners and PACS (DICOM PS3.4, annex B)."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.filereader import read_partial
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    LegacyConvertedEnhancedCTImageStorage,
    RLELossless,
)
from pynetdicom import AE, _config, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from distiliqa.ct.dicom.decoders import DECODER_DEPENDENCIES, is_available
from distiliqa.ct.dicom.dose_report import DOSE_REPORT_CLASSES
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.identifiers import checked_aet, checked_uid
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.server import STORED, serving
from distiliqa.report.names import short_hash

LOG = logging.getLogger(__name__)

# Statuses of C-STORE: PS3.4, table B.2-1.
OUT_OF_RESOURCES = 0xA700
CANNOT_UNDERSTAND = 0xC000

_CT = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)
_UNCOMPRESSED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
_KIND, _OBJECT, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E  # UIDs
# Descriptions precede the latter, and in some images thousands of references.
MAX_START_BYTES = 2 << 20


@contextmanager
def receiving(queue: Queue, doses: ReceivedDoses, host: str, port: int, aet: str) -> Iterator[int]:
    """Answer C-ECHO and C-STORE in threads: CT goes into ``queue``, dose reports into ``doses``.

    An object is acknowledged once it is on the disk. On a full disk it is refused as out of
    resources, so that its sender keeps it. Only senders that call ``aet`` are accepted.

    Parameters
    ----------
    host : str
        Address to listen at: ``127.0.0.1`` for this machine only, ``0.0.0.0`` for all.
    port : int
        0 chooses a free one.

    Yields
    ------
    The port of the listener.

    Raises
    ------
    DistiliqaError
        The address is taken or not of this machine, or ``aet`` is not valid.
    """
    entity = AE(ae_title=checked_aet(aet))
    entity.require_called_aet = True
    entity.add_supported_context(Verification)
    for kind in _CT:
        entity.add_supported_context(kind, _transfer_syntaxes())
    for kind in DOSE_REPORT_CLASSES:
        entity.add_supported_context(kind, [*_UNCOMPRESSED])
    handlers: list[Any] = [(evt.EVT_C_STORE, _store, [queue, doses])]
    with ExitStack() as stack:
        stack.enter_context(_objects_on_disk(queue.receiving))
        try:
            bound = stack.enter_context(serving(entity, host, port, handlers))
        except OSError as error:
            raise DistiliqaError(
                f"cannot listen ({error.strerror})",
                path=f"{host}:{port}",
                remedy="choose another --port or --host",
            ) from error
        yield bound


@contextmanager
def _objects_on_disk(folder: Path) -> Iterator[None]:
    """Let pynetdicom write objects to ``folder``, which it takes from `tempfile`."""
    before = _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir
    _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir = True, str(folder)
    try:
        yield
    finally:
        _config.STORE_RECV_CHUNKED_DATASET, tempfile.tempdir = before


def _transfer_syntaxes() -> list[str]:
    """The transfer syntaxes that can be decoded; senders choose one of them, or decode."""
    compressed = (uid for uid in DECODER_DEPENDENCIES if is_available(uid))
    return [*_UNCOMPRESSED, RLELossless, *compressed]


def _store(event: Any, queue: Queue, doses: ReceivedDoses) -> int:
    instance = event.request.AffectedSOPInstanceUID
    event.request._dataset_file.close()  # Windows cannot move open files
    try:
        header = _start_of(event.dataset_path)
        series = checked_uid(header.SeriesInstanceUID, "series")
        kind = header.get("SOPClassUID", event.request.AffectedSOPClassUID)
        is_dose = kind in DOSE_REPORT_CLASSES
        study = checked_uid(header.StudyInstanceUID, "study") if is_dose else ""
        if checked_uid(header.SOPInstanceUID, "object") != instance:
            raise ValueError("the message and the object name different objects")
    # A damaged object affects no other.
    except Exception as error:
        LOG.warning("refused an object that cannot be read (%s)", type(error).__name__)
        return CANNOT_UNDERSTAND
    try:
        if is_dose:
            doses.put(study, instance, event.dataset_path)
        else:
            queue.put(series, instance, event.dataset_path)
    except (DistiliqaError, OSError) as error:
        LOG.error("%s: refused an object: %s", short_hash(series), error)
        return OUT_OF_RESOURCES
    return STORED


def _start_of(path: Path) -> Dataset:
    """The start of an object up to its series UID."""
    with path.open("rb") as file:
        start = BytesIO(file.read(MAX_START_BYTES))
    return read_partial(
        start,
        stop_when=lambda tag, vr, length: tag > _SERIES,
        specific_tags=[_KIND, _OBJECT, _STUDY, _SERIES],
    )

"""Send a DICOM object to another node by C-STORE (DICOM PS3.4, annex B)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.identifiers import checked_aet
from distiliqa.pacs.listen.peer import BoundedSocket
from distiliqa.pacs.retry import DUPLICATE, PassingError, RefusedError, refusal

CONNECT_S, ANSWER_S = 10.0, 30.0
_WARNINGS = range(0xB000, 0xC000)  # stored, perhaps with changes: PS3.7, annex C
_SUCCESS = 0x0000
_TRANSIENT = 2  # result of a rejection, as at a limit of associations: PS3.8, 9.3.4


class _Entity(AE):
    """Limits the time of an answer that comes in part too."""

    def _create_socket(self, assoc: Association, address: Any, tls_args: Any) -> AssociationSocket:
        return BoundedSocket(assoc, address=address)


@dataclass(frozen=True)
class Node:
    """A DICOM node to send to, and our own title.

    Attributes
    ----------
    aet, host, port : title and address of the node.
    calling_aet : str
        Our title; many nodes accept only titles they know.
    connect_s, answer_s : float
        Maximum wait for a connection and for an answer, seconds.
    """

    aet: str
    host: str
    port: int
    calling_aet: str
    connect_s: float = CONNECT_S
    answer_s: float = ANSWER_S

    @classmethod
    def named(cls, text: str, calling_aet: str) -> Node:
        """The node that ``AET@HOST:PORT`` names. Raises `DistiliqaError` where it names none."""
        aet, at, place = text.partition("@")
        host, _, port = place.rpartition(":")
        if not (at and host and port.isdecimal() and 0 < int(port) < 1 << 16):
            raise DistiliqaError(f"not a valid DICOM node: {text!r}", remedy="write AET@HOST:PORT")
        return cls(checked_aet(aet), host, int(port), checked_aet(calling_aet))

    def store(self, path: Path) -> None:
        """Send one object. Returns once the node has acknowledged it.

        Raises
        ------
        PassingError
            The node is away, busy, does not answer, or is out of resources.
        RefusedError
            The node refuses the object for good, or the file is not DICOM.
        DistiliqaError
            It refuses us or the object.
        """
        try:
            dataset = dcmread(path)
        except InvalidDicomError as error:
            raise RefusedError("not a DICOM file", path=path, remedy="make it again") from error
        entity = _Entity(ae_title=self.calling_aet)
        entity.connection_timeout = self.connect_s
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self.answer_s
        # The default is always proposed too: PS3.5, section 10.1.
        for syntax in {dataset.file_meta.TransferSyntaxUID, ImplicitVRLittleEndian}:
            entity.add_requested_context(dataset.SOPClassUID, syntax)
        association = entity.associate(self.host, self.port, ae_title=self.aet)
        if not association.is_established:
            raise self._not_established(association)
        try:
            status = association.send_c_store(dataset).get("Status")
        except RuntimeError:
            raise PassingError(
                "closed the connection", path=str(self), remedy="its log says why"
            ) from None
        finally:
            association.release()
        self._require_stored(status)

    def _require_stored(self, status: int | None) -> None:
        if status is None:
            raise PassingError("no answer in time", path=str(self), remedy="see its log")
        if status in (_SUCCESS, DUPLICATE) or status in _WARNINGS:
            return
        problem = f"does not store the object (status {status:04X}H)"
        raise refusal(problem, status, path=str(self), remedy="its log says why")

    def _not_established(self, association: Association) -> DistiliqaError:
        if association.is_rejected:
            answer = association.acceptor.primitive
            if answer is not None and answer.result == _TRANSIENT:
                return PassingError(
                    "is busy and rejects us for now", path=str(self), remedy="its log says why"
                )
            return self._error(
                "rejects us", f"make {self.calling_aet} known to it, check its title"
            )
        if association.rejected_contexts:
            return self._error("does not take such objects", "allow it to store them")
        return PassingError(
            "no connection", path=str(self), remedy="check that it runs, and host and port"
        )

    def _error(self, problem: str, remedy: str) -> DistiliqaError:
        return DistiliqaError(problem, path=str(self), remedy=remedy)

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}:{self.port}"

"""What the answer to STOW-RS says of one object (DICOM PS3.18, section 10.5.3 and annex I)."""

from __future__ import annotations

from pydicom import Dataset

from distiliqa.pacs.refusal import refusal
from distiliqa.pacs.sender import DUPLICATE


def is_receipt(answer: Dataset, uid: str, *, name: str, path: str) -> bool:
    """Whether an answer says that the server has the object ``uid``.

    It names the object as stored, or refuses it as a duplicate: then an answer to an earlier
    attempt was lost. An answer that does not name the object says nothing of it.

    Parameters
    ----------
    name, path : of the object and of the server, for the error.

    Raises
    ------
    DistiliqaError : the answer says that it does not store the object, see `refusal`.
    TypeError, ValueError : the answer is not DICOMweb.
    """
    failed = [
        item.get("FailureReason")
        for item in answer.get("FailedSOPSequence") or []
        if item.get("ReferencedSOPInstanceUID") in (uid, None)
    ]
    refused = [reason for reason in failed if reason != DUPLICATE]
    if refused:
        code = "" if refused[0] is None else f" (reason {refused[0]:04X}H)"
        problem = f"does not store {name}{code}"
        raise refusal(problem, refused[0], path=path, remedy="its log says why")
    stored = answer.get("ReferencedSOPSequence") or []
    return bool(failed) or any(item.get("ReferencedSOPInstanceUID") == uid for item in stored)

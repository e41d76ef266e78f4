"""Sending an object to a DICOMweb server, and confirmation that the server has it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from http import HTTPStatus

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset

from distiliqa.pacs.dicomweb import search
from distiliqa.pacs.retry import DUPLICATE, refusal


def send(client: DICOMwebClient, dataset: Dataset) -> Dataset:
    """Send an object; the answer to STOW-RS, also where it comes with 409 (nothing was stored).

    Raises
    ------
    requests.HTTPError : the server refuses without a list of what it refuses.
    """
    try:
        return client.store_instances([dataset])
    except requests.HTTPError as error:
        with suppress(Exception):  # many servers answer 409 with plain text
            if error.response is not None and error.response.status_code == HTTPStatus.CONFLICT:
                answer = Dataset.from_json(error.response.json())
                if answer.FailedSOPSequence:
                    return answer
        raise


def is_receipt(answer: Dataset, uid: str, *, name: str, path: str) -> bool:
    """Whether an answer to STOW-RS (DICOM PS3.18, section 10.5.3) is a receipt for ``uid``.

    A receipt names the object as stored, or refuses it as a duplicate: then the answer to an
    earlier attempt was lost. An answer that does not name the object is no receipt.

    Parameters
    ----------
    name, path : str
        Name of the object, and the server, for the error.

    Raises
    ------
    DistiliqaError
        The server does not store the object, see `refusal`.
    TypeError, ValueError
        The answer is not DICOMweb.
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


def has_object(client: DICOMwebClient, dataset: Dataset) -> bool:
    """Whether the server finds an object or gives its metadata; some servers do only one.

    A server that gives no such answer does not confirm the object.

    Raises
    ------
    requests.RequestException : the server is away or failing, or its answer exceeds its bounds.
    """
    uid = dataset.SOPInstanceUID
    place = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID)
    filters = {"SOPInstanceUID": uid}
    for ask in (
        partial(client.search_for_instances, *place, search_filters=filters),
        partial(client.retrieve_instance_metadata, *place, uid),
    ):
        try:
            found = ask()
            rows = [found] if isinstance(found, dict) else found
            if any(search.value(row, search.SOP_UID) == uid for row in rows):
                return True
        except requests.HTTPError as error:
            status = 0 if error.response is None else error.response.status_code
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
    return False

"""A DICOMweb server: search for series, retrieve them, store objects (DICOM PS3.18)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
import requests
from dicomweb_client import DICOMwebClient
from pydicom.errors import InvalidDicomError

from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path
from distiliqa.pacs.credentials import Credentials
from distiliqa.pacs.http import checked_url, is_loopback, open_session, told_plainly
from distiliqa.pacs.retry import Retries
from distiliqa.pacs.sender import DUPLICATE
from distiliqa.pacs.uids import checked_uid

CONNECT_S, READ_S = 10.0, 60.0
_AS_STORED = (("application/dicom", "*"),)
Progress = Callable[[int, int], None]
_SERIES_UID, _SOP_UID = "0020000E", "00080018"


class Server:
    """A DICOMweb server, with TLS verified, every wait bounded and passing failures retried.

    Parameters
    ----------
    url : of the service, such as ``https://pacs/dicom-web``.
    credentials : who we are.
    ca_file : PEM file of the authorities to trust, in place of the usual ones.
    timeouts_s : the longest to wait for a connection, and then for each part of an answer.
    retries : how often to ask again.

    Raises
    ------
    DistiliqaError : a URL that is not valid or holds a password; a file that TLS cannot use.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        ca_file: Path | None = None,
        timeouts_s: tuple[float, float] = (CONNECT_S, READ_S),
        retries: Retries = Retries(),  # noqa: B008  # it is frozen
    ) -> None:
        self.url = checked_url(url)
        self.retries = retries
        session = open_session(credentials, ca_file)
        session.hooks["response"].append(self._note_words)
        self._has_words = False
        self._client = DICOMwebClient(self.url, session=session, timeout=timeouts_s)
        self._client.set_http_retry_params(retry=False)

    @property
    def is_readable_on_the_way(self) -> bool:
        """Whether what is sent can be read on the way: plain HTTP that leaves this machine."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not is_loopback(parts.hostname or "")

    def find_series(self, study: str, series: Sequence[str] = ()) -> list[str]:
        """UIDs of the CT series of a study (QIDO-RS, PS3.18, section 10.6), or of those named.

        Raises
        ------
        DistiliqaError : the server has none, lacks one that is named, or as `store`.
        """
        checked_uid(study, "study")
        wanted = [checked_uid(each, "series") for each in series]
        filters = {} if wanted else {"Modality": "CT"}
        found = self._search(
            self._client.search_for_series,
            _SERIES_UID,
            study_instance_uid=study,
            search_filters=filters,
        )
        missing = [uid for uid in wanted if uid not in found]
        if missing or not found:
            what = f"no series {missing[0]} in" if missing else "no CT series in"
            raise DistiliqaError(f"{what} study {study}", path=self.url, remedy="check the UIDs")
        return wanted or found

    def download_series(
        self, study: str, series: str, folder: Path, progress: Progress | None = None
    ) -> None:
        """Write each object of a series to ``folder/<SOP Instance UID>.dcm``, as it is stored.

        The objects are asked for one by one (WADO-RS, PS3.18, section 10.4), so that a connection
        that breaks costs one of them.

        Parameters
        ----------
        progress : called for each object with the number done and the number there is.

        Raises
        ------
        DistiliqaError : the folder cannot be written, or as `store`.
        """
        objects = self._search(
            self._client.search_for_instances,
            _SOP_UID,
            study_instance_uid=study,
            series_instance_uid=series,
        )
        for done, uid in enumerate(objects, start=1):
            dataset = self._ask(self._retrieve, study, series, uid)
            # What pydicom could read it may still be unable to write.
            with atomic_path(folder / f"{uid}.dcm") as partial, told_plainly(self.url):
                dataset.save_as(partial, enforce_file_format=True)
            if progress is not None:
                progress(done, len(objects))

    def store(self, path: Path) -> None:
        """Send one object (STOW-RS, PS3.18, section 10.5). Returns once the server has it.

        One that it refuses as a duplicate it has: its answer to an earlier attempt was lost.

        Raises
        ------
        PassingError : the server is away, busy, failing or silent, also after all retries.
        DistiliqaError : it refuses us or the object, is not trusted, or is no DICOMweb server; the
            file cannot be read.
        """
        try:
            dataset = pydicom.dcmread(path)
        except (OSError, InvalidDicomError) as error:
            raise DistiliqaError("cannot be read", path=path, remedy="make it again") from error
        answer = self._ask(self._store, dataset)
        reasons = [each.get("FailureReason") for each in answer.get("FailedSOPSequence", [])]
        if any(reason != DUPLICATE for reason in reasons):
            code = "" if reasons[0] is None else f" (reason {reasons[0]:04X}H)"
            raise DistiliqaError(
                f"does not store {path.name}{code}", path=self.url, remedy="its log says why"
            )

    def _store(self, dataset: pydicom.Dataset) -> pydicom.Dataset:
        """The answer to STOW-RS, also where it comes with 409, as when nothing was stored."""
        try:
            answer = self._client.store_instances([dataset])
        except requests.HTTPError as error:
            with suppress(Exception):  # many servers answer 409 with words for people
                if error.response is not None and error.response.status_code == HTTPStatus.CONFLICT:
                    answer = pydicom.Dataset.from_json(error.response.json())
                    if answer.FailedSOPSequence:
                        return answer
            raise
        # The client takes a page to log in at, or any other words, for an answer that says nothing.
        if self._has_words and not answer:
            raise ValueError("no answer to STOW-RS")
        return answer

    def _note_words(self, response: requests.Response, **_: Any) -> None:
        self._has_words = bool(response.content)

    def _retrieve(self, study: str, series: str, uid: str) -> pydicom.Dataset:
        dataset = self._client.retrieve_instance(study, series, uid, media_types=_AS_STORED)
        if dataset.SOPInstanceUID != uid:
            raise ValueError("another object than was asked for")
        return dataset

    def _search(
        self, search: Callable[..., list[dict[str, Any]]], tag: str, **of: Any
    ) -> list[str]:
        """The UIDs under ``tag`` in all pages of the answer, in its order."""
        found: dict[str, None] = {}
        while True:
            page = self._ask(search, **of, offset=len(found))
            with told_plainly(self.url):
                uids = [each[tag]["Value"][0] for each in page]
            before = len(found)
            found |= dict.fromkeys(checked_uid(uid, "answer", path=self.url) for uid in uids)
            # A server without paging answers the same page again.
            if len(found) == before:
                return list(found)

    def _ask(self, question: Callable[..., Any], *args: Any, **of: Any) -> Any:
        def ask() -> Any:
            with told_plainly(self.url):
                return question(*args, **of)

        return self.retries.call(ask)

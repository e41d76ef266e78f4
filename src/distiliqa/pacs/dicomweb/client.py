"""A DICOMweb server: search for series, retrieve objects, store objects (DICOM PS3.18)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pydicom
import requests
from dicomweb_client import DICOMwebClient
from pydicom.errors import InvalidDicomError

from distiliqa.ct.dicom.dose_report import DOSE_REPORT_CLASSES
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb import search
from distiliqa.pacs.dicomweb.bounds import MAX_ANSWER_S, BoundedAdapter, Bounds
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.failures import plain_errors
from distiliqa.pacs.dicomweb.http import checked_url, is_loopback, open_session
from distiliqa.pacs.dicomweb.receipt import has_object, is_receipt, send
from distiliqa.pacs.dicomweb.retrieve import Accepted, keep_object
from distiliqa.pacs.dicomweb.search import Row, SearchResults
from distiliqa.pacs.identifiers import checked_uid
from distiliqa.pacs.retry import PassingError, RefusedError, Retries

CONNECT_S, READ_S = 10.0, 60.0
MAX_SYNTAXES = 8  # in which an object is asked for
_SERIES_FIELDS = ("Modality", "NumberOfStudyRelatedSeries", "NumberOfSeriesRelatedInstances")
_REPORT_FIELDS = ("SOPClassUID", "SeriesInstanceUID", "AvailableTransferSyntaxUID")
_OBJECT_FIELDS = (
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "AvailableTransferSyntaxUID",
)


class Server:
    """A DICOMweb server, with TLS verified, each answer bounded and passing failures retried.

    Parameters
    ----------
    url : of the service, such as ``https://pacs/dicom-web``.
    credentials : our identity.
    ca_file : PEM file of the authorities to trust, in place of the usual ones.
    timeouts_s : maximum wait for a connection, and for each part of an answer, seconds.
    max_s : maximum duration of an answer, seconds, see `Bounds`.
    retries : attempts after passing failures.

    Raises
    ------
    DistiliqaError : the URL is not valid or holds a password, or TLS cannot use a file.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        ca_file: Path | None = None,
        timeouts_s: tuple[float, float] = (CONNECT_S, READ_S),
        max_s: float = MAX_ANSWER_S,
        retries: Retries = Retries(),  # noqa: B008  # it is frozen
    ) -> None:
        self.url = checked_url(url)
        self.retries = retries
        self._timeouts_s = timeouts_s
        self._max_s = max_s
        self._adapter = BoundedAdapter()
        self._session = open_session(credentials, self._adapter, ca_file)
        self._session.hooks["response"].append(self._note)
        self._answer = requests.Response()
        self._accepted = Accepted()
        self._client = DICOMwebClient(self.url, session=self._session, timeout=timeouts_s)
        self._client.set_http_retry_params(retry=False)

    @property
    def is_readable_on_the_way(self) -> bool:
        """Whether others can read the traffic: plain HTTP that leaves this machine."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not is_loopback(parts.hostname or "")

    def find_series(self, study: str, series: Sequence[str] = ()) -> SearchResults:
        """The CT series of a study (QIDO-RS, PS3.18, section 10.6), or those named.

        Raises
        ------
        DistiliqaError : the server has none, lacks one that is named, or as `store`.
        """
        checked_uid(study, "study")
        wanted = [checked_uid(uid, "series") for uid in series]
        ask = partial(self._client.search_for_series, study)
        found = self._search(ask, search.SERIES_UID, _SERIES_FIELDS)
        missing = [uid for uid in wanted if uid not in found.rows]
        uids = wanted or [uid for uid, row in found.rows.items() if search.may_be_ct(row)]
        if missing or not uids:
            what = f"no series {missing[0]} in" if missing else "no CT series in"
            raise DistiliqaError(f"{what} study {study}", path=self.url, remedy="check the UIDs")
        shortfall = None if wanted else found.shortfall
        return SearchResults({uid: found.rows[uid] for uid in uids}, shortfall)

    def find_objects(self, study: str, series: str, stated: int | None = None) -> SearchResults:
        """The objects of a series (QIDO-RS).

        Parameters
        ----------
        stated : number of objects that the server states; None if it does not.

        Raises
        ------
        DistiliqaError : as `store`.
        """
        ask = partial(self._client.search_for_instances, study, series)
        return self._search(ask, search.SOP_UID, _OBJECT_FIELDS, stated)

    def find_dose_reports(self, study: str) -> dict[str, Row]:
        """The radiation dose reports of a study (QIDO-RS), by SOP class; few or none.

        Raises
        ------
        DistiliqaError : as `store`.
        """
        rows: dict[str, Row] = {}
        for kind in DOSE_REPORT_CLASSES:
            wanted = {"SOPClassUID": kind}
            ask = partial(self._client.search_for_instances, study, search_filters=wanted)
            rows |= self._search(ask, search.SOP_UID, _REPORT_FIELDS).rows
        # Some servers ignore what they cannot match.
        return {uid: row for uid, row in rows.items() if search.is_of(row, DOSE_REPORT_CLASSES)}

    def retrieve(
        self, study: str, series: str, uid: str, row: Row, path: Path, *, again: bool = True
    ) -> None:
        """Write an object to ``path`` as it is stored (WADO-RS, PS3.18, section 10.4).

        Parameters
        ----------
        row : result of the search, with the size and the transfer syntaxes of the object.
        again : retry after a passing failure.

        Raises
        ------
        DistiliqaError : the folder cannot be written, or as `store`.
        """
        place = f"{self.url}/studies/{study}/series/{series}/instances/{uid}"

        def get(accept: str) -> requests.Response:
            headers = {"Accept": accept}
            return self._session.get(place, headers=headers, stream=True, timeout=self._timeouts_s)

        def keep() -> None:
            offered = search.values(row, search.SYNTAXES)[:MAX_SYNTAXES]
            with self._accepted.get(get, offered) as response:
                keep_object(response, uid, path)

        bounds = Bounds.of_object(search.pixel_bytes(row), self._max_s)
        self._ask(keep, bounds, self.retries if again else Retries(1))

    def store(self, path: Path) -> None:
        """Send one object (STOW-RS, PS3.18, section 10.5). Returns once the server has it.

        The answer names the object, see `is_receipt`; where it is empty or does not, the server is
        asked whether it has the object.

        Raises
        ------
        PassingError : the server is away, busy, failing or silent, also after all retries, or does
            not confirm that it has the object.
        RefusedError : it refuses the object for good, or the file is not DICOM.
        DistiliqaError : it rejects our credentials or the object, its certificate is not trusted,
            or it is no DICOMweb server; its answer exceeds its `Bounds`; the file cannot be read.
        """
        try:
            dataset = pydicom.dcmread(path)
        except InvalidDicomError as error:
            raise RefusedError("not a DICOM file", path=path, remedy="make it again") from error
        except OSError as error:
            raise DistiliqaError("cannot be read", path=path, remedy="make it again") from error
        bounds = Bounds.of_upload(path.stat().st_size, self._max_s)
        self._ask(partial(self._store, dataset, path.name), bounds)

    def _store(self, dataset: pydicom.Dataset, name: str) -> None:
        answer, uid = self._post(dataset), dataset.SOPInstanceUID
        if is_receipt(answer, uid, name=name, path=self.url) or has_object(self._client, dataset):
            return
        raise PassingError(
            f"does not confirm that it has {name}", path=self.url, remedy="its log says why"
        )

    def _post(self, dataset: pydicom.Dataset) -> pydicom.Dataset:
        answer = send(self._client, dataset)
        # The client takes a login page, or any other text, for an empty answer.
        if self._answer.content and not answer:
            raise ValueError("no answer to STOW-RS")
        return answer

    def _note(self, response: requests.Response, **_: Any) -> None:
        self._answer = response

    def _search(
        self,
        ask: Callable[..., Any],
        tag: str,
        fields: Sequence[str],
        stated: int | None = None,
    ) -> SearchResults:
        def page(offset: int) -> tuple[list[Row], str]:
            try:
                rows = self._ask(partial(ask, limit=search.PAGE, offset=offset, fields=fields))
            except DistiliqaError:
                if self._answer.status_code != HTTPStatus.BAD_REQUEST:
                    raise
                rows = self._ask(partial(ask, offset=offset))  # for servers without the others
            return rows, self._answer.headers.get("Warning", "")

        with plain_errors(self.url):
            return search.search(page, tag, stated, path=self.url)

    def _ask(
        self,
        request: Callable[[], Any],
        bounds: Bounds | None = None,
        retries: Retries | None = None,
    ) -> Any:
        bounds = bounds or Bounds(max_s=self._max_s)

        def ask() -> Any:
            self._answer = requests.Response()
            # pydicom and the client warn of answers that break the standard.
            with plain_errors(self.url), self._adapter.within(bounds), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return request()

        return (retries or self.retries).call(ask)

"""Retrieve one object of a DICOMweb server to disk (WADO-RS, DICOM PS3.18, section 10.4).

An object is kept as the server stores it. Some servers refuse ``*`` for all transfer syntaxes
(8.7.3.5.2), so an object can be requested in several ways.
"""

from __future__ import annotations

import mmap
import re
import shutil
import warnings
from collections.abc import Callable, Iterable
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import requests
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian

from distiliqa.ct.dicom.encoding import check_inflated_size
from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path, cannot_write, make_folder
from distiliqa.pacs.identifiers import is_uid

_MULTIPART = 'multipart/related; type="application/dicom"'
_NOT_SO = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_BLOCK_BYTES = 1 << 16
_MAX_HEAD_BYTES = 1 << 14  # of a multipart answer, before the object

Get = Callable[[str], requests.Response]  # takes an Accept header


class Accepted:
    """Accept headers for one server; the one that worked last comes first."""

    def __init__(self) -> None:
        self._works = ""

    def get(self, get: Get, offered: Iterable[object] = ()) -> requests.Response:
        """The answer to the first Accept header that the server does not refuse.

        Parameters
        ----------
        get : Get
            Sends the request with an Accept header.
        offered : Iterable[object]
            Transfer syntaxes of the object, as the server states them.

        Raises
        ------
        requests.HTTPError : it refuses all; the error is that of the first.
        """
        refusal = None
        for accept in dict.fromkeys([*([self._works] if self._works else []), *_ways(offered)]):
            response = get(accept)
            if response.status_code not in _NOT_SO:
                response.raise_for_status()
                self._works = accept
                return response
            response.close()
            refusal = refusal or response
        assert refusal is not None
        refusal.raise_for_status()
        raise AssertionError(refusal)


def _ways(offered: Iterable[object]) -> list[str]:
    known = [uid for uid in offered if isinstance(uid, str) and is_uid(uid)]
    syntaxes = ["*", ExplicitVRLittleEndian, *known]
    named = [f"{_MULTIPART}; transfer-syntax={syntax}" for syntax in syntaxes]
    return [*named, _MULTIPART, "application/dicom"]


def keep_object(response: requests.Response, uid: str, path: Path) -> None:
    """Write the object of an answer to ``path``, atomically.

    Raises
    ------
    requests.RequestException : the answer breaks off or exceeds its bounds.
    ValueError
        It holds no DICOM object.
    DistiliqaError
        It holds another object than ``uid``, or several; the folder cannot be written, or the
        object inflates to more than 512 MiB.
    """
    kind = Message()
    kind["Content-Type"] = response.headers.get("Content-Type", "")
    if kind.get_content_type() not in ("multipart/related", "application/dicom"):
        raise ValueError("no DICOM object")
    boundary = kind.get_boundary() if kind.get_content_maintype() == "multipart" else None
    with TemporaryFile(dir=make_folder(path.parent)) as body:
        _receive(response, body, path)
        first, last = (0, body.tell()) if boundary is None else _part(body, boundary)
        body.seek(first)
        with atomic_path(path) as partial:
            with partial.open("wb") as file:
                shutil.copyfileobj(body, file)
                file.truncate(last - first)
            _check_uid(partial, uid)


def _receive(response: requests.Response, body: IO[bytes], path: Path) -> None:
    try:
        for block in response.iter_content(_BLOCK_BYTES):
            body.write(block)
        body.flush()
    except requests.RequestException:  # which is an OSError too
        raise
    except OSError as error:
        raise cannot_write(path, error) from error


def _part(body: IO[bytes], boundary: str) -> tuple[int, int]:
    """Start and end of the only part of a multipart answer (RFC 2046, section 5.1.1).

    The last boundary shows that the object is complete, also where the server marks the end by
    closing the connection.
    """
    marker = re.escape(f"--{boundary}".encode())
    with mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ) as content:
        head = re.compile(rb"(?:\A|\r\n)" + marker + rb"[ \t]*\r\n").search(
            content, 0, _MAX_HEAD_BYTES
        )
        start = -1 if head is None else content.find(b"\r\n\r\n", head.end() - 2, _MAX_HEAD_BYTES)
        if start < 0:
            raise ValueError("no part")
        end = re.compile(rb"\r\n" + marker + rb"(--|[ \t]*\r\n)").search(content, start + 4)
        if end is None:
            raise requests.exceptions.ChunkedEncodingError("no closing boundary")
        if end[1] != b"--":
            raise _wrong_object("several objects")
        return start + 4, end.start()


def _check_uid(path: Path, uid: str) -> None:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_inflated_size(file, str(path))
        try:
            found = dcmread(file, stop_before_pixels=True, specific_tags=["SOPInstanceUID"])
        except Exception as error:  # pydicom raises many kinds on damaged files
            raise ValueError("no DICOM object") from error
    if found.get("SOPInstanceUID") != uid:
        raise _wrong_object("another object")


def _wrong_object(what: str) -> DistiliqaError:
    return DistiliqaError(
        f"sends {what}, not the one that was asked for", remedy="the log of the server says why"
    )

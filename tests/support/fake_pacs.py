"""A DICOMweb server of one study that caps its answers, loses objects and is picky."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pydicom

MULTIPART = 'multipart/related; type="application/dicom"; boundary=b1'


def multipart(*contents: bytes) -> bytes:
    head = b"\r\n--b1\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + content for content in contents).lstrip() + b"\r\n--b1--\r\n"


def receipt_of(path: Path) -> bytes:
    """The answer to STOW-RS of a server that has stored a file (PS3.18, 10.5.3)."""
    stored = pydicom.Dataset()
    stored.ReferencedSOPSequence = [pydicom.Dataset()]
    uid = pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID
    stored.ReferencedSOPSequence[0].ReferencedSOPInstanceUID = uid
    return stored.to_json().encode()


@dataclass
class FakePacs:
    """What the server has and how it behaves; ``seen`` has the paths and queries of requests.

    Attributes
    ----------
    series : files of each series, by its UID.
    reports : dose reports, whatever a search asks for; ``finds_reports`` is False for a server that
        cannot search all objects of a study.
    cap : the most results of an answer.
    pages : answers with an offset begin there.
    warns : capped answers say so.
    plain : a search with a limit or with fields is a bad request.
    counts : the number of objects of each series is stated.
    lost : status in place of an object, by its UID.
    accepts : what an Accept header of a retrieval has in it; empty for anything.
    bodies : kind and content of the answer in place of an object, by its UID.
    silent : the object whose answer never comes; ``is_silent`` once it was asked for.
    """

    series: dict[str, list[Path]]
    reports: list[Path] = field(default_factory=list)
    finds_reports: bool = True
    url: str = ""
    cap: int = 1000
    pages: bool = True
    warns: bool = False
    plain: bool = False
    counts: bool = True
    lost: dict[str, int] = field(default_factory=dict)
    accepts: str = ""
    bodies: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    silent: str = ""
    is_silent: Event = field(default_factory=Event)
    seen: list[str] = field(default_factory=list)

    def rows(self, place: str) -> list[dict[str, Any]]:
        if place.endswith("/series"):
            rows = [{"0020000E": _value("UI", uid)} for uid in self.series]
            for row, paths in zip(rows, self.series.values(), strict=True):
                if self.counts:
                    row["00201209"] = _value("IS", len(paths))
                    row["00201206"] = _value("IS", len(self.series))
            return rows
        if place.split("/")[-3] == "studies":
            return [_report_row(path) for path in self.reports]
        paths = self.series[place.split("/")[-2]]
        return [{"00080018": _value("UI", uid_of(path))} for path in paths]

    def content(self, uid: str) -> bytes:
        stored = (path for paths in (*self.series.values(), self.reports) for path in paths)
        return next(path for path in stored if uid_of(path) == uid).read_bytes()


def _value(vr: str, value: object) -> dict[str, object]:
    return {"vr": vr, "Value": [value]}


def _report_row(path: Path) -> dict[str, Any]:
    """What a search for the objects of a study gives (PS3.18, 10.6.3.3)."""
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    tags = ("00080016", "00080018", "0020000E")  # SOP class, object, series
    return {tag: _value("UI", str(dataset[int(tag, 16)].value)) for tag in tags}


def uid_of(path: Path) -> str:
    return str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        pacs, url = self.server.pacs, urlsplit(self.path)
        pacs.seen.append(self.path)
        if url.path.endswith(("/series", "/instances")):
            return self._list(parse_qs(url.query))
        uid = url.path.rpartition("/")[2]
        if uid == pacs.silent:
            pacs.is_silent.set()
            self.rfile.read(1)  # until the client goes
            return None
        if uid in pacs.lost:
            return self._answer(pacs.lost[uid], "text/plain", b"")
        if pacs.accepts not in self.headers["Accept"]:
            return self._answer(406, "text/plain", b"")
        default = MULTIPART, multipart(pacs.content(uid))
        return self._answer(200, *pacs.bodies.get(uid, default))

    def _list(self, query: dict[str, list[str]]) -> None:
        pacs = self.server.pacs
        if pacs.plain and ("limit" in query or "includefield" in query):
            return self._answer(400, "text/plain", b"")
        if "SOPClassUID" in query and not pacs.finds_reports:
            return self._answer(404, "text/plain", b"")
        first = int(query["offset"][0]) if pacs.pages else 0
        rows = pacs.rows(urlsplit(self.path).path)[first:]
        more = len(rows) - pacs.cap
        warning = {"Warning": f"299 fake: There are {more} additional results"}
        body = json.dumps(rows[: pacs.cap]).encode()
        self._answer(
            200, "application/dicom+json", body, warning if more > 0 and pacs.warns else {}
        )

    def _answer(
        self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    pacs: FakePacs


@contextmanager
def serving_pacs(series: dict[str, list[Path]]) -> Iterator[FakePacs]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
        server.pacs = FakePacs(series, url=url)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.pacs
        server.shutdown()
        thread.join()

"""Debian's Orthanc, as a DICOMweb server and a DICOM node on loopback."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "physicist", "s3cret-wörd"


@dataclass(frozen=True)
class Orthanc:
    """A running server: ``url`` is that of its DICOMweb service."""

    http_port: int
    dicom_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def rest(self, path: str, body: bytes | None = None, method: str | None = None) -> Any:
        return requests.request(
            method or ("GET" if body is None else "POST"),
            f"http://127.0.0.1:{self.http_port}/{path}",
            data=body,
            auth=(USER.encode(), PASSWORD.encode()),
            timeout=60,
        )

    def push(self, folder: Path) -> None:
        for path in sorted(folder.glob("*.dcm")):
            assert self.rest("instances", path.read_bytes()).ok

    def reports(self) -> list[bytes]:
        """The structured reports it has, as DICOM files."""
        query = json.dumps({"Level": "Series", "Query": {"Modality": "SR"}, "Expand": True})
        found = self.rest("tools/find", query.encode()).json()
        objects = [name for series in found for name in series["Instances"]]
        return [self.rest(f"instances/{name}/file").content for name in objects]

    def empty(self) -> None:
        for patient in self.rest("patients").json():
            self.rest(f"patients/{patient}", method="DELETE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 180.0) -> Any:
    """What ``condition`` gives, once it gives something; the time only ends a hang."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {what} after {seconds:g} s")


@contextmanager
def running_orthanc(folder: Path, http_port: int, dicom_port: int) -> Iterator[Orthanc]:
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    server = Orthanc(http_port, dicom_port)
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(
            ["Orthanc", str(folder / "orthanc.json")], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_for(lambda: process.poll() is not None or is_up(server), "Orthanc")
            assert process.poll() is None, (folder / "orthanc.log").read_text()
            yield server
        finally:
            process.kill()
            process.wait(60)


def is_up(server: Orthanc) -> bool:
    try:
        return bool(server.rest("system").ok)
    except OSError:  # which the errors of requests are
        return False

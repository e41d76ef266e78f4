"""Servers to talk to, on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseServer
from threading import Thread

import pytest
from tests.pacs.faulty import Faulty, FaultyServer
from tests.pacs.orthanc import PLUGIN, Orthanc, free_port, running_orthanc

import distiliqa


@pytest.fixture(autouse=True)
def _servers_stop_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the standard library look only every half second whether they should."""
    monkeypatch.setattr(BaseServer.serve_forever, "__defaults__", (0.01,))


@pytest.fixture(scope="session")
def needs_orthanc() -> None:
    if shutil.which("Orthanc") is None or not PLUGIN.exists():
        pytest.skip("needs Debian's orthanc and orthanc-dicomweb")


@pytest.fixture(scope="session")
def shared_orthanc(
    needs_orthanc: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Orthanc]:
    folder = tmp_path_factory.mktemp("orthanc")
    with running_orthanc(folder, free_port(), free_port()) as server:
        yield server


@pytest.fixture
def orthanc(shared_orthanc: Orthanc) -> Orthanc:
    """An Orthanc without any images in it."""
    shared_orthanc.empty()
    return shared_orthanc


@pytest.fixture(scope="session")
def example() -> Path:
    """The example series of full dose: 4 slices."""
    return Path(distiliqa.__file__).parent / "examples" / "body_phantom" / "dose_100"


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    """Set ``answers``; ``seen`` has the headers of each request."""
    with FaultyServer() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.state
        server.shutdown()
        thread.join()

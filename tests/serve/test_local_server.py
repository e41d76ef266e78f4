"""The command: its address, its port, one server for a folder, and its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

pytest.importorskip("starlette")
from starlette.applications import Starlette
from typer.testing import CliRunner

from distiliqa.cli import app
from distiliqa.errors import DistiliqaError
from distiliqa.serve.access import LOOPBACK
from distiliqa.serve.app import opened_app
from distiliqa.serve.job_process import ScoringSettings
from distiliqa.serve.local_server import _address, _bound, _token, serve_folder
from distiliqa.serve.served_paths import ServedPaths
from distiliqa.serve.workspace import Workspace


@contextmanager
def started(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it prints."""
    command = [sys.executable, "-m", "distiliqa", "serve", "--no-browser", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            yield process, re.search(r"http://\S+", line)[0]
        finally:
            process.kill()


def test_the_command_serves_until_ctrl_c(tmp_path: Path):
    out = tmp_path / "out"
    with started("--port", "0", "--out", str(out)) as (process, url):
        assert "<title>distiliqa</title>" in requests.get(url, timeout=60).text
        address = requests.get(f"{url}api/about", timeout=60).json()
        assert address["results"] == str(out / "results")
        again = CliRunner().invoke(app, ["serve", "--no-browser", "--out", str(out)])
        assert (again.exit_code, url in again.output) == (0, True)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert not (out / "address.txt").exists()
    assert out.stat().st_mode & 0o77 == 0


def test_a_host_that_is_given_needs_the_token(tmp_path: Path):
    with started("--host", "127.0.0.1", "--port", "0", "--out", str(tmp_path)) as (_, url):
        bare, _, token = url.partition("?token=")
        assert len(token) >= 32
        assert requests.get(bare, timeout=60).status_code == 401
        assert requests.get(url, timeout=60).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "PC-7"])
def test_the_address_that_is_printed_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
):
    monkeypatch.setattr("socket.gethostname", lambda: "PC-7")
    with _bound("127.0.0.1", 0) as found:
        address = _address(found, host, tmp_path)
    assert urlsplit(address.url).netloc == f"PC-7:{address.port}"
    assert urlsplit(address.url).hostname in address.hosts


def test_a_port_that_is_taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DistiliqaError, match=f"port {port} is taken; give another --port"):
            _bound("127.0.0.1", port)


def test_the_next_free_port_unless_one_is_given():
    with _bound("127.0.0.1", None) as first, _bound("127.0.0.1", None) as second:
        assert first.getsockname()[1] < second.getsockname()[1]


def test_an_address_of_another_machine():
    with pytest.raises(DistiliqaError, match=r"cannot listen at .*give another --host"):
        _bound("192.0.2.1", 1)


def test_the_token_stays_and_is_private(tmp_path: Path):
    path = tmp_path / "token.txt"
    token = _token(path)
    assert _token(path) == token
    assert path.stat().st_mode & 0o77 == 0


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").touch()

    def opened(*_: object) -> AbstractContextManager[Starlette]:
        return opened_app(
            Workspace(tmp_path / "file", ServedPaths(), ScoringSettings()), LOOPBACK, None
        )

    with pytest.raises(DistiliqaError, match="cannot be written"):
        serve_folder(tmp_path / "file", opened, host=None, port=0, open_browser=False, say=print)


def test_wrong_options(tmp_path: Path):
    (tmp_path / "levels.csv").touch()
    options = ["serve", "--levels", str(tmp_path / "levels.csv"), "--out", str(tmp_path)]
    assert "give --protocols" in CliRunner().invoke(app, options).output.replace("\n", " ")
    gone = CliRunner().invoke(app, ["serve", str(tmp_path / "gone"), "--out", str(tmp_path)])
    assert gone.exit_code == 2
    assert "no such file or folder" in gone.output

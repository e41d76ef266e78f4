"""What is no ordinary file is named and never opened: an open of a pipe would never come back."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256
from distiliqa.foreign_text import read_json, read_text
from distiliqa.regular_file import check_regular, open_regular
from distiliqa.report.pdf import require_pdf

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")

Make = Callable[[Path], Path]


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def device(folder: Path) -> Path:
    (folder / "device").symlink_to("/dev/zero")
    return folder / "device"


def made_up(folder: Path) -> Path:
    if not Path("/proc/self/mem").exists():
        pytest.skip("no /proc")
    (folder / "made_up").symlink_to("/proc/self/mem")
    return folder / "made_up"


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the path of a socket may have some 100 bytes
    socket.socket(socket.AF_UNIX).bind("socket")
    return tmp_path / "socket"


@pytest.mark.parametrize("make", [pipe, device, made_up])
@pytest.mark.parametrize(
    "read",
    [
        open_regular,
        sha256,
        read_text,
        read_json,
        index_ct,
        require_pdf,
        lambda path: index_ct(path.parent),
    ],
)
def test_no_reader_opens_one(tmp_path, monkeypatch, make: Make, read):
    path = make(tmp_path)
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(DistiliqaError) as caught:
        read(path)
    assert "a file" in str(caught.value)


def test_a_socket_is_named(listening: Path):
    with pytest.raises(DistiliqaError, match="a socket, not a file; give an ordinary file"):
        check_regular(listening)


def test_links_to_ordinary_files_and_the_input_of_a_shell_are_files(tmp_path: Path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "link").symlink_to("a.txt")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"text"
        if Path("/proc/self/fd").exists():
            assert sha256(Path(f"/proc/self/fd/{file.fileno()}")) == sha256(tmp_path / "a.txt")

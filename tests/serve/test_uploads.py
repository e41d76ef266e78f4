"""Uploads: bounded, whole or not there, in their folder."""

from __future__ import annotations

import asyncio
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from distiliqa.errors import DistiliqaError
from distiliqa.serve import uploads
from distiliqa.serve.uploads import Uploads, safe_parts


async def blocks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def send(place: Uploads, number: str, name: str, *parts: bytes) -> None:
    asyncio.run(place.receive(number, name, blocks(*parts)))


def test_files_keep_their_place(tmp_path: Path):
    place = Uploads(tmp_path / "uploads")
    number = place.begin()
    send(place, number, "study/série 1/1.dcm", b"ab", b"c")
    assert (place.folder / number / "study/série 1/1.dcm").read_bytes() == b"abc"
    assert place.inputs(number) == (str(place.folder / number),)
    assert place.folder.stat().st_mode & 0o77 == 0


def test_two_files_of_one_name_are_refused_and_the_first_stays(tmp_path: Path):
    place = Uploads(tmp_path / "uploads")
    number = place.begin()
    send(place, number, "1.dcm", b"first")
    with pytest.raises(DistiliqaError, match=r"two of the files are called '1\.dcm'; drop"):
        send(place, number, "1.dcm", b"second")
    send(place, number, "other/1.dcm", b"second")
    assert place.count(number) == 2
    assert (place.folder / number / "1.dcm").read_bytes() == b"first"


def test_two_files_of_one_name_may_come_at_once(tmp_path: Path):
    place = Uploads(tmp_path / "uploads")
    number = place.begin()

    async def slow(content: bytes) -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        yield content

    async def both() -> list[object]:
        sent = (place.receive(number, "1.dcm", slow(content)) for content in (b"a", b"b"))
        return await asyncio.gather(*sent, return_exceptions=True)

    first, second = asyncio.run(both())
    assert first is None
    assert isinstance(second, DistiliqaError)
    assert (place.folder / number / "1.dcm").read_bytes() == b"a"


def test_archives_are_inputs_of_their_own(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "y")
    place = Uploads(tmp_path / "uploads")
    number = place.begin()
    send(place, number, "no-ending", (tmp_path / "a.zip").read_bytes())
    assert place.inputs(number) == (str(place.folder / number / "no-ending"),)
    send(place, number, "1.dcm", b"abc")
    assert len(place.inputs(number)) == 2


@pytest.mark.parametrize(
    "name",
    ["", "/", "../up", "a/../../b", ".hidden", "a/.b", "..\\up", "C:x", "a\0b", "nul", "com1.txt",
     "a\nb", "x" * 300, "dot.", "/".join("a" * 40), "a\u202eb"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str):
    with pytest.raises(DistiliqaError, match="is no name that can be kept; rename it"):
        safe_parts(name)


def test_a_path_from_the_root_stays_inside():
    with pytest.raises(DistiliqaError):
        safe_parts("/etc/passwd")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MAX_FILES", 2)
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 10)
    monkeypatch.setattr(uploads, "MAX_UPLOAD_BYTES", 15)
    place = Uploads(tmp_path)
    number = place.begin()
    with pytest.raises(DistiliqaError, match="more than"):
        send(place, number, "a", b"12345", b"678901")
    send(place, number, "a", b"1234567890")
    with pytest.raises(DistiliqaError, match="start distiliqa serve with the folder"):
        send(place, number, "b", b"123456")
    assert [path.name for path in (tmp_path / number).iterdir()] == ["a"]
    send(place, number, "b", b"1")
    with pytest.raises(DistiliqaError, match="more than 2 files"):
        send(place, number, "c", b"1")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = Uploads(tmp_path)
    number = place.begin()
    full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(uploads.shutil, "disk_usage", lambda path: full)
    with pytest.raises(DistiliqaError, match="almost full; free some space"):
        send(place, number, "a", b"1")
    assert list((tmp_path / number).iterdir()) == []


def test_a_browser_that_closes_leaves_no_half_file(tmp_path: Path):
    async def cut() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError

    place = Uploads(tmp_path)
    number = place.begin()
    with pytest.raises(DistiliqaError):
        asyncio.run(place.receive(number, "a", cut()))
    with pytest.raises(DistiliqaError, match="nothing was sent"):
        place.inputs(number)


def test_the_next_server_removes_what_no_job_needs(tmp_path: Path):
    first = Uploads(tmp_path)
    kept, left = first.begin(), first.begin()
    send(first, kept, "a", b"1")
    Uploads(tmp_path, used=[tmp_path / kept])
    assert [path.name for path in tmp_path.iterdir()] == [kept]
    assert left != kept


def test_a_file_on_its_way_leaves_nothing_of_a_removed_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A folder into which a file comes while it is deleted stays."""
    place = Uploads(tmp_path)
    number, remove = place.begin(), shutil.rmtree
    monkeypatch.setattr(uploads.shutil, "rmtree", lambda *_, **__: None)

    async def removed() -> AsyncIterator[bytes]:
        yield b"half"
        place.remove(number)
        monkeypatch.setattr(uploads.shutil, "rmtree", remove)

    with pytest.raises(DistiliqaError, match="no such upload"):
        asyncio.run(place.receive(number, "a", removed()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["", "..", "0" * 16, "../" + "0" * 13])
def test_an_unknown_upload(tmp_path: Path, number: str):
    with pytest.raises(DistiliqaError, match="no such upload"):
        Uploads(tmp_path).inputs(number)


def test_what_a_user_keeps_in_a_folder_of_that_name_stays(tmp_path: Path):
    """`serve --out .` may find one."""
    own = tmp_path / "uploads" / "scan 1"
    own.mkdir(parents=True)
    (own / "1.dcm").write_bytes(b"own")
    left = Uploads(tmp_path / "uploads").begin()
    Uploads(tmp_path / "uploads")
    assert [path.name for path in (tmp_path / "uploads").iterdir()] == ["scan 1"], left
    assert (own / "1.dcm").read_bytes() == b"own"

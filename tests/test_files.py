"""Files are written whole or not at all, and what cannot be is one line with a remedy."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.disks import full_disk

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import (
    atomic_path,
    check_regular,
    make_folder,
    open_regular,
    private_folder,
    private_if_new,
    sha256,
    sync_tree,
    write_csv,
    write_durably,
    write_json,
    write_text,
)
from distiliqa.foreign_json import read_json
from distiliqa.foreign_text import read_text
from distiliqa.report.pdf import require_pdf


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")

    def fail_half_way() -> None:
        with atomic_path(tmp_path / "a.txt") as partial:
            partial.write_text("new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_new_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        write_text(tmp_path / "deep" / "a.txt", "text")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "deep" / "a.txt").stat().st_mode) == 0o644


def test_the_umask_is_let_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to all threads: another file that is made meanwhile would be open to anyone."""
    monkeypatch.delattr(os, "umask")
    write_text(tmp_path / "a.txt", "text")
    assert (tmp_path / "a.txt").read_text() == "text"


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps such rights elsewhere")
def test_a_private_folder_is_for_its_owner_even_if_it_was_there(tmp_path: Path) -> None:
    for folder in (tmp_path / "new" / "one", tmp_path):
        assert private_folder(folder) == folder
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps such rights elsewhere")
def test_a_folder_that_a_user_names_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert stat.S_IMODE(private_if_new(tmp_path).stat().st_mode) == 0o755
    assert stat.S_IMODE(private_if_new(tmp_path / "new").stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(DistiliqaError, match="choose an output folder that is not a file"):
        private_if_new(tmp_path / "file")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps such rights elsewhere")
def test_a_private_text_is_never_open_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    write = Path.write_text

    def noted(self: Path, *args: Any, **kwargs: Any) -> int:
        modes.append(stat.S_IMODE(self.stat().st_mode))
        return write(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", noted)
    write_text(tmp_path / "a.txt", "token", 0o600)
    assert [*modes, stat.S_IMODE((tmp_path / "a.txt").stat().st_mode)] == [0o600, 0o600]


def test_a_durable_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_durably(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(DistiliqaError, match="free some space"):
        write_durably(tmp_path / "a", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_tree_is_synced_from_its_files_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for path in (tmp_path / "a" / "b" / "deep", tmp_path / "a" / "top"):
        path.touch()
    synced: list[Path] = []
    for name in ("sync_file", "sync_folder"):
        monkeypatch.setattr(f"distiliqa.files.{name}", synced.append)
    sync_tree(tmp_path / "a")
    names = [path.relative_to(tmp_path).as_posix() for path in synced]
    assert names == ["a/b/deep", "a/b", "a/top", "a"]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(errno.ENOSPC, "free some space"), (errno.EROFS, "you may write to"), (errno.EIO, "another")],
)
def test_what_the_disk_refuses_is_one_line_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, remedy: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(DistiliqaError) as error:
        write_text(tmp_path / "a.txt", "text")
    assert str(error.value).startswith(f"{tmp_path / 'a.txt'}: cannot be written")
    assert remedy in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_where_a_file_is_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DistiliqaError, match="cannot be written"):
            make_folder(folder)


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nan"):
        write_json(tmp_path / "a.json", {"score": float("nan")})
    assert not list(tmp_path.iterdir())


def test_sha256_is_of_the_bytes(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_writer_that_makes_a_private_file_leaves_one_that_others_read(tmp_path: Path):
    (tmp_path / "plain").touch()
    with atomic_path(tmp_path / "weights") as partial:
        partial.unlink()
        partial.touch(mode=0o600)
    assert (tmp_path / "weights").stat().st_mode == (tmp_path / "plain").stat().st_mode


posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")

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


@posix
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


@posix
def test_a_socket_is_named(listening: Path):
    with pytest.raises(DistiliqaError, match="a socket, not a file; give an ordinary file"):
        check_regular(listening)


@posix
def test_links_to_ordinary_files_and_the_input_of_a_shell_are_files(tmp_path: Path):
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "link").symlink_to("a.txt")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"text"
        if Path("/proc/self/fd").exists():
            assert sha256(Path(f"/proc/self/fd/{file.fileno()}")) == sha256(tmp_path / "a.txt")


def test_csv_has_a_line_a_row_and_an_empty_field_for_none(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ("name", "value"), [("a,b", None), ("c", 1.5)])
    assert (tmp_path / "a.csv").read_bytes() == b'name,value\n"a,b",\nc,1.5\n'

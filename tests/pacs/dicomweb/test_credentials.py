from __future__ import annotations

import os
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.credentials import (
    PASSWORD,
    TOKEN,
    USER,
    Credentials,
    find_credentials,
    read_credentials,
)

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such bits")


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_environment_gives_them():
    assert find_credentials(None, {}) == Credentials()
    assert find_credentials(None, {USER: "u", PASSWORD: "p"}) == Credentials("u", "p")
    assert find_credentials(None, {TOKEN: "t"}) == Credentials(token="t")
    empty = {USER: "u", PASSWORD: "p", TOKEN: ""}
    assert find_credentials(None, empty) == Credentials("u", "p")


def test_a_file_gives_them_in_place_of_the_environment(tmp_path: Path):
    file = written(tmp_path / "c.ini", "[dicomweb]\nuser = ü\npassword = 50%=;#ß\n")
    assert find_credentials(file, {TOKEN: "t"}) == Credentials("ü", "50%=;#ß")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_file_may_begin_with_a_byte_order_mark(tmp_path: Path, encoding: str):
    file = written(tmp_path / "c.ini", "")
    file.write_text("[dicomweb]\nuser = ü\npassword = p\n", encoding)
    assert read_credentials(file) == Credentials("ü", "p")


def test_paths_are_relative_to_the_file(tmp_path: Path):
    written(tmp_path / "client.key", "")
    file = written(tmp_path / "c.ini", "[dicomweb]\ncertificate = client.pem\nkey = client.key\n")
    found = read_credentials(file)
    assert (found.certificate, found.key) == (tmp_path / "client.pem", tmp_path / "client.key")


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int):
    file = written(tmp_path / "c.ini", "[dicomweb]\ntoken = t\n", mode)
    with pytest.raises(DistiliqaError) as caught:
        read_credentials(file)
    assert str(caught.value) == f"{file}: others may read it; chmod 600 {file}"


@posix
@pytest.mark.parametrize("keys", ["key = k.pem", "certificate = k.pem"])
def test_so_is_a_private_key(tmp_path: Path, keys: str):
    key = written(tmp_path / "k.pem", "", 0o644)
    file = written(tmp_path / "c.ini", f"[dicomweb]\n{keys}\n")
    with pytest.raises(DistiliqaError, match=f"{key}: others may read it"):
        read_credentials(file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "[dicomweb]\nhunter2",
        "[other]\ntoken = hunter2",
        "[dicomweb]\nsecret = 1",
        "[dicomweb]\npassword = hunter2",
        "[dicomweb]\ntoken = hunter2 x",
        "[dicomweb]\ntoken = hunter2\nuser = u\npassword = hunter2",
    ],
)
def test_another_form_is_one_line_without_the_secret(tmp_path: Path, text: str):
    file = written(tmp_path / "c.ini", text)
    with pytest.raises(DistiliqaError) as caught:
        read_credentials(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_file_is_reported(tmp_path: Path):
    with pytest.raises(DistiliqaError, match=r"No such file.*check --credentials"):
        read_credentials(tmp_path / "none.ini")


@pytest.mark.parametrize("environment", [{USER: "u"}, {PASSWORD: "p"}, {TOKEN: "a\nb"}])
def test_half_of_them_in_the_environment_are_refused(environment: dict[str, str]):
    with pytest.raises(DistiliqaError, match="DISTILIQA_DICOMWEB_"):
        find_credentials(None, environment)


def test_no_secret_is_shown():
    shown = repr(Credentials("u", "hunter2")) + repr(Credentials(token="hunter2"))
    assert "hunter2" not in shown

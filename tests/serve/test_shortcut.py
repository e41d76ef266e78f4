from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from tests.support.command_line import invoke

from distiliqa.errors import DistiliqaError
from distiliqa.serve import shortcut
from distiliqa.serve.shortcut import install_shortcut


def test_linux(tmp_path: Path):
    path = install_shortcut("linux", tmp_path, {})
    assert path == tmp_path / ".local/share/applications/distiliqa.desktop"
    lines = path.read_text().splitlines()
    assert lines[0] == "[Desktop Entry]"
    assert f'Exec="{sys.executable}" "-m" "distiliqa" "serve"' in lines
    (icon,) = (line.removeprefix("Icon=") for line in lines if line.startswith("Icon="))
    assert Path(icon).is_file()
    if checker := shutil.which("desktop-file-validate"):
        subprocess.run([checker, path], check=True)


def test_linux_heeds_the_data_folder_of_the_user(tmp_path: Path):
    path = install_shortcut("linux", tmp_path, {"XDG_DATA_HOME": str(tmp_path / "data")})
    assert path.parent == tmp_path / "data" / "applications"


@pytest.mark.skipif(sys.platform != "linux", reason="another place on other systems")
def test_the_command_writes_it_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    done = invoke("serve", "--install-shortcut")
    path = tmp_path / "applications" / "distiliqa.desktop"
    assert (done.exit_code, done.stdout) == (0, f"wrote {path}\n"), done.stderr
    assert path.is_file()


def test_characters_of_a_desktop_entry():
    assert shortcut._quoted('a b$c"d%e') == '"a b\\\\$c\\\\"d%%e"'


def test_macos_runs_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake = tmp_path / "py thon'"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    path = install_shortcut("darwin", tmp_path, {})
    assert path == tmp_path / "Applications" / "distiliqa.command"
    found = subprocess.run([path], capture_output=True, text=True, check=True)
    assert found.stdout == "-m distiliqa serve\n"


def test_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "executable", r"C:\100% py\python.exe")
    path = install_shortcut("win32", tmp_path, {"APPDATA": str(tmp_path)})
    assert path.parent == tmp_path / "Microsoft/Windows/Start Menu/Programs"
    assert r'@"C:\100%% py\python.exe" "-m" "distiliqa" "serve"' in path.read_text()


def test_windows_without_a_user(tmp_path: Path):
    with pytest.raises(DistiliqaError, match="APPDATA is not set"):
        install_shortcut("win32", tmp_path, {})

"""An entry in the start menu or among the applications, for people who use no terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_text

NAME = "distiliqa"
_COMMENT = "Score CT slices, and look at them, on this machine"
_ICON = Path(__file__).with_name("static") / "icon.svg"


def install_shortcut(
    platform: str = sys.platform,
    home: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Write the entry; it opens a window that runs ``distiliqa serve``, and closing it ends it.

    Returns
    -------
    Path
        The file: a desktop entry (freedesktop.org, version 1.5) on Linux, a ``.command`` in the
        applications of the user on macOS, a ``.cmd`` in the start menu on Windows.

    Raises
    ------
    DistiliqaError
        The folder cannot be written, or Windows does not state where its start menu is.
    """
    home = Path.home() if home is None else home
    command = [sys.executable, "-m", "distiliqa", "serve"]
    if platform == "win32":
        return _write(_start_menu(environment) / f"{NAME}.cmd", _batch(command))
    if platform == "darwin":
        return _write(home / "Applications" / f"{NAME}.command", _script(command))
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    icon = make_folder(data / "icons") / f"{NAME}.svg"
    shutil.copyfile(_ICON, icon)
    return _write(data / "applications" / f"{NAME}.desktop", _desktop_entry(command, icon))


def _write(path: Path, text: str) -> Path:
    write_text(path, text)
    path.chmod(0o755)
    return path


def _start_menu(environment: Mapping[str, str]) -> Path:
    if not (data := environment.get("APPDATA")):
        raise DistiliqaError("APPDATA is not set", remedy="sign in as a user, not as a service")
    return Path(data) / "Microsoft" / "Windows" / "Start Menu" / "Programs"


def _batch(command: list[str]) -> str:
    # Percent signs of a folder would be taken for variables.
    line = " ".join(f'"{part.replace("%", "%%")}"' for part in command)
    return f"@title {NAME}\r\n@{line}\r\n@pause\r\n"


def _script(command: list[str]) -> str:
    return f"#!/bin/sh\nexec {shlex.join(command)}\n"


def _desktop_entry(command: list[str], icon: Path) -> str:
    lines = {
        "Type": "Application",
        "Version": "1.5",
        "Name": NAME,
        "Comment": _COMMENT,
        "Exec": " ".join(map(_quoted, command)),
        "Icon": str(icon),
        "Terminal": "true",
        "Categories": "Science;MedicalSoftware;",
    }
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def _quoted(part: str) -> str:
    r"""A part of ``Exec``: in quotes, with ``" ` $ \`` escaped twice and ``%`` doubled."""
    for char in '\\"`$':
        part = part.replace(char, f"\\\\{char}")
    return f'"{part.replace("%", "%%")}"'

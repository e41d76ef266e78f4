"""A disk without space."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest


def full_disk(*_: Any, **__: Any) -> NoReturn:
    """Stand in for a function that writes to a full disk."""
    raise no_space()


def no_space() -> OSError:
    """The error of a full disk."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fail_for(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let files of these names find no space, such as large ones on a disk that is nearly full."""
    replace = Path.replace

    def checked(self: Path, target: Path) -> Path:
        if Path(target).name in names:
            raise no_space()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", checked)

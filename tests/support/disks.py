"""A disk without space."""

from __future__ import annotations

import errno
import os
from typing import Any, NoReturn


def full_disk(*_: Any, **__: Any) -> NoReturn:
    """Stand in for a function that writes to a full disk."""
    raise no_space()


def no_space() -> OSError:
    """The error of a full disk."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

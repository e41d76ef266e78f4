"""CPU cores of this process."""

from __future__ import annotations

import os


def cores() -> int:
    """Count the CPU cores that this process may use; a container may grant fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

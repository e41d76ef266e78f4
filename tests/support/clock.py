"""A clock in the hands of a test."""

from __future__ import annotations


class Clock:
    """Stands still until a test sets ``now``, in seconds."""

    now = 100.0

    def __call__(self) -> float:
        return self.now

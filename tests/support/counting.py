"""How much work a call is, where a clock would depend on the machine."""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable


def calls_of(function: Callable[[], object]) -> int:
    """The number of functions, of Python and of C, that a call of ``function`` calls."""
    profile = cProfile.Profile()
    profile.runcall(function)
    return pstats.Stats(profile).total_calls  # type: ignore[attr-defined]

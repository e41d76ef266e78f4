"""The CPU cores that this process may use, and whether it has them to itself."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, process_time

_BYTES, _TIMES = 1 << 24, 8  # a tenth of a second or two
_ALONE = 0.9


def cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_busy() -> bool:
    """Whether other programs keep this one from its cores: times measured now say nothing."""
    count, load = cores(), bytes(_BYTES)
    with ThreadPoolExecutor(count) as pool:
        begin, used = perf_counter(), process_time()
        # Hashing holds no lock of Python, so that each thread keeps a core busy.
        list(pool.map(lambda _: [hashlib.sha256(load) for _ in range(_TIMES)], range(count)))
        share = (process_time() - used) / (perf_counter() - begin)
    return share < _ALONE * count

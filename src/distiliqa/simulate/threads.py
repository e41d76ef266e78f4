"""Cores for many small operations: each operation on one core, parts of the slice side by side.

torch spreads every operation over all cores and waits for the last. Where another program wants a
core too, each of thousands of operations of a millisecond then waits several; one core each does
not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import torch
from torch import Tensor

_lock = Lock()
_depth = 0  # calls within `one_core_each`, one in the other or side by side
_cores = 1  # that torch had before


@contextmanager
def one_core_each() -> Iterator[None]:
    """Let each operation on the CPU use one core; as a decorator, in the whole function."""
    global _depth, _cores
    with _lock:
        if _depth == 0:
            _cores = torch.get_num_threads()
            torch.set_num_threads(1)
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                torch.set_num_threads(_cores)


def in_bands(work: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Do the work for bands of rows, each on a core, and join the results along dimension 1.

    To be called within `one_core_each`.
    """
    if rows.is_cuda or _cores == 1:
        return work(rows)
    with ThreadPoolExecutor(_cores) as pool:
        return torch.cat(list(pool.map(work, rows.chunk(_cores))), 1)

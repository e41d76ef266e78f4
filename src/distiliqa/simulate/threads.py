"""Threads of the simulation: one core for an operation, parts of a slice in parallel.

torch distributes every operation over all cores and waits for the last. Where another program uses
a core too, thousands of operations of a millisecond then wait for several. With one core for an
operation they do not wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import torch
from torch import Tensor

_lock = Lock()
_depth = 0  # calls within `one_core_per_operation`, one in the other or side by side
_cores = 1  # that torch had before


@contextmanager
def one_core_per_operation() -> Iterator[None]:
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
    """Process bands of rows on several cores, and join the results along dimension 1.

    Call it within `one_core_per_operation`.
    """
    if rows.is_cuda or _cores == 1:
        return work(rows)
    with ThreadPoolExecutor(_cores) as pool:
        return torch.cat(list(pool.map(work, rows.chunk(_cores))), 1)

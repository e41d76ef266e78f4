"""Several pieces of work side by side, whose results keep their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_lanes(work: Callable[[Item], Result], items: Iterable[Item], lanes: int) -> Iterator[Result]:
    """The results in the order of the items; ``lanes`` of them are worked on at a time."""
    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(lanes)
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > lanes:  # one waits, so that no lane does
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)

"""Files of a task, read ahead: a worker scores one file while the storage brings the next ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

READERS = 4  # a file server answers each after a while, and several at a time
MAX_AHEAD_BYTES = 64 << 20  # of files that wait in the memory of a worker

T = TypeVar("T")
File = dict[str, Any]  # with its size, bytes


def prefetch_files(
    files: Sequence[File], read: Callable[[File], T]
) -> Iterator[tuple[File, Future[T]]]:
    """Yield files in their order, each with what ``read`` returns for it or raises.

    Up to `READERS` files beside the present one are read, and together no more than
    `MAX_AHEAD_BYTES` of them; a larger file is read alone.
    """
    coming: deque[tuple[File, Future[T]]] = deque()
    left, held = deque(files), 0
    with ThreadPoolExecutor(READERS) as pool:
        try:
            while left or coming:
                while left and _has_room(len(coming), held + left[0]["size"]):
                    file = left.popleft()
                    held += file["size"]
                    coming.append((file, pool.submit(read, file)))
                file, content = coming.popleft()
                yield file, content
                held -= file["size"]
        finally:
            for _, content in coming:
                content.cancel()


def _has_room(waiting: int, held_bytes: int) -> bool:
    return not waiting or (waiting <= READERS and held_bytes <= MAX_AHEAD_BYTES)

"""Reading ahead: threads decode and prepare slices while the model scores those before them."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Generic, TypeVar

from distiliqa.ct import CTSlice, Problem, SliceRef
from distiliqa.files import sha256
from distiliqa.scoring.inputs import problem_of

THREADS = min(4, os.cpu_count() or 1)
AHEAD = 4 * THREADS

T = TypeVar("T")


class SliceReader(Generic[T]):
    """Iterates over slices in the order of ``refs``; at most ``AHEAD`` of them are in memory.

    Parameters
    ----------
    refs : the slices to read.
    prepare : what is done to each slice in its thread; a slice that it raises on has failed, and
        the others of its batch have not.

    Attributes
    ----------
    failed : the slices that could not be read, so far.
    sha256 : SHA-256 of each file read so far, by its path (of a zip, not of its members).
    waited : seconds that the user of the slices waited for them.
    """

    def __init__(self, refs: Sequence[SliceRef], prepare: Callable[[CTSlice], T]) -> None:
        self.refs = refs
        self.prepare = prepare
        self.failed: list[Problem] = []
        self.sha256: dict[str, str] = {}
        self.waited = 0.0
        self._slices_of = Counter(ref.path for ref in refs)

    def __iter__(self) -> Generator[T, None, None]:
        pool = ThreadPoolExecutor(THREADS)
        pending: deque[Future[T | Problem]] = deque()
        try:
            for ref, file in zip(self.refs, self._files(), strict=True):
                pending.append(pool.submit(self._read, ref, file))
                if len(pending) == AHEAD:
                    yield from self._next(pending)
            while pending:
                yield from self._next(pending)
        finally:
            pool.shutdown(cancel_futures=True)

    def _files(self) -> Iterator[Path | None]:
        """For each slice the file to hash with it, None where an earlier slice brought it."""
        seen: set[Path] = set()
        for ref in self.refs:
            file = file_of(ref.path)
            yield None if file in seen else file
            seen.add(file)

    def _read(self, ref: SliceRef, file: Path | None) -> T | Problem:
        try:
            if file is not None:
                self.sha256[str(file)] = sha256(file)
            return self.prepare(ref.load())
        except Exception as error:  # whatever a damaged file causes concerns that file alone
            path, reason = problem_of(error, ref.path)
            return Problem(
                path, f"slice {ref.frame}: {reason}" if self._slices_of[path] > 1 else reason
            )

    def _next(self, pending: deque[Future[T | Problem]]) -> Iterator[T]:
        start = perf_counter()
        read = pending.popleft().result()
        self.waited += perf_counter() - start
        if isinstance(read, Problem):
            self.failed.append(read)
        else:
            yield read


def file_of(path: str) -> Path:
    """The file on disk that ``path`` lies in: itself, or the archive of ``archive.zip/member``."""
    places = (Path(path), *Path(path).parents)
    # Not Path.is_file, which raises on what is too long for a path: a member's name may be.
    return next((place for place in places if os.path.isfile(place)), Path(path))

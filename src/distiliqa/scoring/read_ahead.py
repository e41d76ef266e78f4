"""Reading ahead: threads decode and prepare slices while the model scores those before them."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Generic, TypeVar

from distiliqa.cores import cores
from distiliqa.ct import CTSlice, Problem, SliceInfo
from distiliqa.ct.volumes.detached import sha256_of
from distiliqa.scoring.inputs import problem_of

THREADS = min(4, cores())
AHEAD = 4 * THREADS
_MAX_HELD_BYTES = 16 << 20  # each thread holds one file

T = TypeVar("T")


def in_order(digests: Mapping[str, str], infos: Iterable[SliceInfo]) -> dict[str, str]:
    """Hashes of files by their path, in the order of their slices, whichever thread took them."""
    names = dict.fromkeys(info.file_name for info in infos)
    return {name: digests[name] for name in names if name in digests}


class SliceReader(Generic[T]):
    """Iterates over slices in the order of ``infos``; at most ``AHEAD`` of them are in memory.

    Parameters
    ----------
    infos : Sequence[SliceInfo]
        The slices to read.
    prepare : Callable[[CTSlice], T]
        Function that prepares each slice in its thread; a slice on which it raises has failed, the
        others go on.

    Attributes
    ----------
    failed : list[Problem]
        The slices that could not be read, so far.
    sha256 : dict[str, str]
        SHA-256 of each file read so far, by its path (of a zip, not of its members; of a header
        with the file of its pixels), in the order of ``infos``.
    waited : seconds of waiting for slices.
    """

    def __init__(self, infos: Sequence[SliceInfo], prepare: Callable[[CTSlice], T]) -> None:
        self.infos = infos
        self.prepare = prepare
        self.failed: list[Problem] = []
        self._digests: dict[str, str] = {}  # in the order in which threads end
        self.waited = 0.0
        self._slices_of = Counter(info.path for info in infos)

    @property
    def sha256(self) -> dict[str, str]:  # noqa: D102
        return in_order(self._digests, self.infos)

    def __iter__(self) -> Generator[T, None, None]:
        pool = ThreadPoolExecutor(THREADS)
        pending: deque[Future[T | Problem]] = deque()
        try:
            for info, is_first in zip(self.infos, self._first_of_files(), strict=True):
                pending.append(pool.submit(self._read, info, is_first))
                if len(pending) == AHEAD:
                    yield from self._next(pending)
            while pending:
                yield from self._next(pending)
        finally:
            pool.shutdown(cancel_futures=True)

    def _first_of_files(self) -> Iterator[bool]:
        """Whether each slice is the first of its file; the file is hashed with it."""
        seen: set[Path | None] = set()
        for info in self.infos:
            yield info.file not in seen
            seen.add(info.file)

    def _read(self, info: SliceInfo, is_first: bool) -> T | Problem:
        try:
            known = self._hashed(info, info.file) if is_first and info.file is not None else info
            return self.prepare(replace(known.read(), info=info))  # results keep no file in memory
        except Exception as error:  # a damaged file fails alone, whatever error it causes
            path, reason = problem_of(error, info.path)
            return Problem(
                path, f"slice {info.frame}: {reason}" if self._slices_of[path] > 1 else reason
            )

    def _hashed(self, info: SliceInfo, file: Path) -> SliceInfo:
        """Hash the file of a slice. A small one with one slice is read for both at once."""
        source = info.source
        is_alone = info.data_file is None and self._slices_of[info.path] == 1
        is_small = info.stamp is not None and info.stamp.size <= _MAX_HELD_BYTES
        if source is None or source.file is None or not is_alone or not is_small:
            self._digests[info.file_name] = sha256_of(file)
            return info
        content = source.read()
        self._digests[info.file_name] = hashlib.sha256(content).hexdigest()
        return replace(info, source=source.holding(content))

    def _next(self, pending: deque[Future[T | Problem]]) -> Iterator[T]:
        start = perf_counter()
        read = pending.popleft().result()
        self.waited += perf_counter() - start
        if isinstance(read, Problem):
            self.failed.append(read)
        else:
            yield read

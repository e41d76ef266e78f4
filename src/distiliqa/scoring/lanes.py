"""Many slices side by side, each on a core or a few, rather than one after the other on all.

A network of milliseconds leaves cores waiting for each other at every operation, and the threads
that read the next slices for a core. A lane waits for neither.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from distiliqa.model_folder import ONNX
from distiliqa.scoring.model import Model
from distiliqa.scoring.prepare import Prepared
from distiliqa.scoring.result import SliceScore
from distiliqa.scoring.session import open_session

MANY = 32  # slices from which on the session that the lanes need is made up for
MOST_LANES = 8  # each holds the values between the layers of a slice
LARGEST_BYTES = 1 << 26  # of a network: larger ones keep all cores busy, and would be held twice

Item = TypeVar("Item")
Result = TypeVar("Result")


def lanes_pay(model: Model, count: int) -> bool:
    """Whether ``count`` slices are better scored side by side than one batch after the other."""
    return count >= MANY and (model.folder / ONNX).stat().st_size <= LARGEST_BYTES


def score_side_by_side(
    model: Model, slices: Iterable[Prepared], *, keep_heatmaps: bool = False
) -> Iterator[SliceScore]:
    """`Model.score_prepared` in lanes, on as many threads as the model was loaded with.

    Raises
    ------
    ModelFolderError : see `Model.score_prepared`.
    """
    threads = model.session.get_session_options().intra_op_num_threads or _cores()
    lanes = min(threads, MOST_LANES)
    session = open_session(model.folder, model.config, threads // lanes)
    of_one = replace(model, session=session)

    def score(one: Prepared) -> SliceScore:
        (found,) = of_one.score_prepared([one], keep_heatmaps=keep_heatmaps)
        return found

    return in_lanes(score, slices, lanes)


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


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

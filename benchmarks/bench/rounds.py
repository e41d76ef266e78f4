"""Measurements in turns, so that a drift in the speed of the machine affects all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Seconds = dict[str, list[float]]

MAX_SECONDS = 45  # then no further round begins, so that slower machines make fewer of them


def side_by_side(
    runs: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Seconds:
    """Seconds of each run in each round, once each was run unmeasured to warm up.

    There is one round or more, and at most ``rounds``.
    ``clock`` may count the time of processors that this process takes, `time.process_time`.
    """
    start = time.perf_counter()
    for run in runs.values():
        run()
    seconds: Seconds = {name: [] for name in runs}
    for turn in range(rounds):
        if turn and time.perf_counter() - start > MAX_SECONDS:
            break
        names = list(runs)[:: 1 if turn % 2 == 0 else -1]
        for name in names:
            begin = clock()
            runs[name]()
            seconds[name].append(clock() - begin)
    return seconds


def ratio(seconds: Seconds, slow: str, fast: str) -> float:
    """Ratio of the times of two programs: the median over the rounds."""
    pairs = zip(seconds[slow], seconds[fast], strict=True)
    return statistics.median(one / other for one, other in pairs)


def rate(seconds: Seconds, name: str, count: int) -> float:
    """Items a second: the median over the rounds."""
    return count / statistics.median(seconds[name])

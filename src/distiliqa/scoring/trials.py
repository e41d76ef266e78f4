"""Ways to run a model on this machine, each measured beside the default."""

from __future__ import annotations

import hashlib
import statistics
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.models.config import OUTPUT
from distiliqa.scoring.execution import (
    BATCH,
    DEFAULT_RUNTIME,
    Execution,
    RuntimeName,
    cores,
    in_parallel,
)
from distiliqa.scoring.model import Model
from distiliqa.scoring.reduced_precision import require_closeness
from distiliqa.scoring.runtimes.int8 import has_int8

MARGIN = 1.1  # an execution is chosen if its speed relative to the default is higher
SAME = 1e-4  # largest difference of the outputs from those of the default
_ROUNDS = 5
_HOPELESS = 0.8  # a lower relative speed in the first round ends the trial
# Larger batches than the default cost a CPU memory, not time; a GPU needs them to be busy.
_CPU_BATCHES, _GPU_BATCHES = (1, 2), (1, 16)
_BYTES, _TIMES = 1 << 24, 8  # a tenth of a second or two
_ALONE = 0.9

Runtimes = tuple[RuntimeName, ...]


@dataclass(frozen=True)
class Trial:
    """One way to run a model, measured beside the default.

    Attributes
    ----------
    speed : float
        Times faster than the default, the median over the rounds.
    rate : float or None
        Slices a second, the median over the rounds; None if it was not measured.
    why_not : str
        Reason why it cannot be chosen; empty if it can.
    """

    execution: Execution
    speed: float = 0.0
    rate: float | None = None
    why_not: str = ""


def is_busy() -> bool:
    """Whether other programs take part of the cores, so that times cannot be compared."""
    count, load = cores(), bytes(_BYTES)
    with ThreadPoolExecutor(count) as pool:
        begin, used = perf_counter(), process_time()
        # Hashing holds no lock of Python, so that each thread keeps a core busy.
        list(pool.map(lambda _: [hashlib.sha256(load) for _ in range(_TIMES)], range(count)))
        share = (process_time() - used) / (perf_counter() - begin)
    return share < _ALONE * count


def fastest(trials: list[Trial]) -> Trial:
    """Choose the first, which is the default, unless another was faster by the margin."""
    best = max((trial for trial in trials if not trial.why_not), key=lambda trial: trial.speed)
    return best if best.speed > MARGIN else trials[0]


def measure(model: Model, runtimes: Runtimes) -> list[Trial]:
    """Try runtimes, then threads of the fastest, then batch sizes, then int8 where it was made.

    The images are noise, as their content does not change the time.
    """
    side, default = model.config.image_size, replace(model.execution, chosen="measured")
    batches = _GPU_BATCHES if "cuda" in runtimes else _CPU_BATCHES
    count = max(default.batch, BATCH, 2 * default.parallel_batches, *batches)
    images = np.random.default_rng(0).random((count, 1, side, side), np.float32)
    _seconds(model, images)  # to warm up
    trials = [Trial(default, 1.0, count / _seconds(model, images))]
    for candidates in (_other_runtimes, _other_threads, _other_batches):
        for execution in candidates(fastest(trials).execution, runtimes):
            trials.append(_trial(model, execution, images))
    best = fastest(trials).execution
    given = model.config.giving(heatmaps=model.heatmaps)
    if (best.runtime, best.precision) == (DEFAULT_RUNTIME["int8"], "fp32") and has_int8(given):
        trials.append(_trial(model, replace(best, precision="int8"), images))
    return trials


def _other_runtimes(best: Execution, runtimes: Runtimes) -> Iterator[Execution]:
    for runtime in runtimes:
        if runtime != best.runtime:
            yield replace(best, runtime=runtime, threads=None, batch=BATCH, parallel_batches=1)


def _other_threads(best: Execution, runtimes: Runtimes) -> Iterator[Execution]:
    """One batch at a time on all cores, a half, a quarter; a runtime may not know their number."""
    if best.runtime != "cuda":
        batch = best.batch if best.parallel_batches == 1 else BATCH
        for threads in sorted({max(cores() // part, 1) for part in (1, 2, 4)}, reverse=True):
            yield replace(best, threads=threads, batch=batch, parallel_batches=1)


def _other_batches(best: Execution, runtimes: Runtimes) -> Iterator[Execution]:
    for batch in _GPU_BATCHES if best.runtime == "cuda" else _CPU_BATCHES:
        if batch != best.batch:
            yield replace(best, batch=batch)


def _trial(model: Model, execution: Execution, images: NDArray[np.float32]) -> Trial:
    """Run a candidate beside the default, once it gives the same scores."""
    try:
        candidate = model.run_by(execution)
        if execution.precision != model.execution.precision:
            require_closeness(model.folder, model.config, execution, candidate.session)
        moved = float(np.abs(candidate.run(images)[OUTPUT] - model.run(images)[OUTPUT]).max())
    except DistiliqaError as error:
        return Trial(execution, why_not=error.reason)
    if execution.precision == model.execution.precision and not moved <= SAME:
        return Trial(execution, why_not=f"moves scores by {moved:.1g}")
    pairs = _take_turns(model, candidate, images)
    ratios = [default / other for default, other in pairs]
    speed = statistics.median(ratios)
    rate = len(images) / statistics.median(other for _, other in pairs)
    unsteady = speed > MARGIN and min(ratios) < 1
    return Trial(execution, speed, rate, "not faster in every round" if unsteady else "")


def _take_turns(
    model: Model, candidate: Model, images: NDArray[np.float32]
) -> list[tuple[float, float]]:
    """Seconds of the default and of a candidate in each round, in turn."""
    _seconds(candidate, images)  # its batch size is new to it
    pairs: list[tuple[float, float]] = []
    for turn in range(_ROUNDS):
        order = (candidate, model) if turn % 2 else (model, candidate)
        one, other = (_seconds(timed, images) for timed in order)
        pairs.append((other, one) if turn % 2 else (one, other))
        if pairs[0][0] < _HOPELESS * pairs[0][1]:
            break
    return pairs


def _seconds(model: Model, images: NDArray[np.float32]) -> float:
    begin, batch = perf_counter(), model.execution.batch
    batches = (images[start : start + batch] for start in range(0, len(images), batch))
    deque(in_parallel(model.run, batches, model.execution.parallel_batches), maxlen=0)
    return perf_counter() - begin

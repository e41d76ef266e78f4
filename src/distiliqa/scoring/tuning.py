"""Threads, batch size and runtime, chosen by measurement on this machine and remembered."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.models.config import OUTPUT
from distiliqa.scoring.execution import BATCH, Execution, RuntimeName, described
from distiliqa.scoring.machine import cores, is_busy
from distiliqa.scoring.model import Model
from distiliqa.scoring.parallel_batches import in_parallel
from distiliqa.scoring.runtimes.protocol import installed_runtimes
from distiliqa.scoring.tuning_cache import recall, remember

MANY = 1000  # slices of a run from which on it pays to measure, which takes some dozens of batches
MARGIN = 1.1  # times faster than the default, in the median, that another must be to be taken
SAME = 1e-4  # largest difference of the outputs from those of the default
_ROUNDS = 5
_HOPELESS = 0.8  # times the default in the first round, after which no more are run
# Larger batches than the default cost a CPU memory, not time; a GPU needs them to be busy.
_CPU_BATCHES, _GPU_BATCHES = (1, 2), (1, 16)

Runtimes = tuple[RuntimeName, ...]


@dataclass(frozen=True)
class Trial:
    """One way to run a model, measured beside the default.

    Attributes
    ----------
    speed : times faster than the default, the median over the rounds.
    rate : slices a second, the median over the rounds; None where it was not measured.
    why_not : why it cannot be taken; empty if it can.
    """

    execution: Execution
    speed: float = 0.0
    rate: float | None = None
    why_not: str = ""


@dataclass(frozen=True)
class Tuning:
    """What was tried, the default first.

    Attributes
    ----------
    busy : other programs ran before or after, so that the default is kept and nothing remembered.
    """

    trials: list[Trial]
    busy: bool

    @property
    def chosen(self) -> Trial:
        """The default, unless another was faster by more than the margin."""
        return self.trials[0] if self.busy else fastest(self.trials)


def tuned(
    model: Model, *, any_runtime: bool = True, report: Callable[[str], None] | None = None
) -> Model:
    """The model as it runs fastest on this machine: as remembered, else measured and remembered.

    A model of which threads or batch were asked for is given back as it is.

    Parameters
    ----------
    any_runtime : let the runtime change too, among those that are installed.
    report : called with one line where something was measured.
    """
    if model.execution.chosen == "asked":
        return model
    found = recall(model, runtimes_for(model, any_runtime=any_runtime))
    if found is None:
        tuning = tune(model, any_runtime=any_runtime)
        found = tuning.chosen.execution
        if report is not None:
            report(summary(tuning))
    try:
        return model if found == model.execution else model.run_by(found)
    except DistiliqaError:  # a GPU that is gone, say
        return model


def tune(model: Model, *, any_runtime: bool = True) -> Tuning:
    """Measure now, and remember what was fastest if the machine was quiet."""
    if is_busy():
        return Tuning([Trial(model.execution, 1.0)], busy=True)
    runtimes = runtimes_for(model, any_runtime=any_runtime)
    tuning = Tuning(measure(model, runtimes), is_busy())
    if not tuning.busy:
        remember(model, runtimes, tuning.chosen.execution)
    return tuning


def summary(tuning: Tuning) -> str:
    """What was chosen, in one line."""
    if tuning.busy:
        return "not tuned: other programs keep this machine busy; see distiliqa tune"
    chosen = tuning.chosen
    return f"tuned: {described(chosen.execution)}, {chosen.speed:.2f} times the default"


def runtimes_for(model: Model, *, any_runtime: bool) -> Runtimes:
    """The runtimes to choose from: all that are installed, or that of the model alone."""
    own = model.execution.runtime
    others = installed_runtimes(model.execution.precision) if any_runtime else ()
    return tuple(dict.fromkeys((own, *others)))


def fastest(trials: list[Trial]) -> Trial:
    """The first, which is the default, unless another was faster by more than the margin."""
    best = max((trial for trial in trials if not trial.why_not), key=lambda trial: trial.speed)
    return best if best.speed > MARGIN else trials[0]


def measure(model: Model, runtimes: Runtimes) -> list[Trial]:
    """Try runtimes, then threads of the fastest, then batch sizes of the fastest.

    What the images show does not matter to the time: they are noise.
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
    return trials


def _other_runtimes(best: Execution, runtimes: Runtimes) -> Iterator[Execution]:
    for runtime in runtimes:
        if runtime != best.runtime:
            yield replace(best, runtime=runtime, threads=None, batch=BATCH, parallel_batches=1)


def _other_threads(best: Execution, runtimes: Runtimes) -> Iterator[Execution]:
    """One batch after the other on all cores, which the runtime may not know, a half, a quarter."""
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
        moved = float(np.abs(candidate.run(images)[OUTPUT] - model.run(images)[OUTPUT]).max())
    except DistiliqaError as error:
        return Trial(execution, why_not=error.reason)
    if not moved <= SAME:
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

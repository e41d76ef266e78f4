"""The way to run a model: runtime, precision, threads, batch size, and parallel batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, get_args

from distiliqa.cores import cores
from distiliqa.errors import DistiliqaError

RuntimeName = Literal["onnxruntime", "cuda", "openvino"]
Precision = Literal["fp32", "bf16", "int8"]
RUNTIMES: tuple[RuntimeName, ...] = get_args(RuntimeName)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
DEFAULT_RUNTIME: dict[Precision, RuntimeName] = {
    "fp32": "onnxruntime",
    "bf16": "openvino",
    "int8": "onnxruntime",
}

# The published stem holds 128 x 448 x 448 values a slice: larger batches cost memory, not time.
BATCH = 4
MAX_PARALLEL_BATCHES = 8  # each holds the values between the layers of a slice


Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Execution:
    """The way in which a model is run.

    Scores differ by at most 1e-4 between executions in fp32. In ``bf16`` and ``int8`` they differ
    more, see `distiliqa.scoring.reduced_precision`.

    Attributes
    ----------
    runtime : RuntimeName
        ``onnxruntime`` is ONNX Runtime on the CPU, ``cuda`` the same on an NVIDIA GPU, ``openvino``
        OpenVINO on the CPU.
    precision : Precision
        Precision of multiplications; ``bf16`` is for ``openvino`` only, ``int8``, which has linear
        layers in int8, for ``onnxruntime`` only.
    threads : int or None
        CPU threads; None lets the runtime take all cores.
    batch : int
        Number of slices that the network takes at a time.
    parallel_batches : int
        Batches that are scored at the same time, each with ``threads``.
    chosen : Literal['default', 'asked', 'measured']
        ``default``, ``asked`` (by the user) or ``measured`` (on this machine).

    Raises
    ------
    DistiliqaError
        The runtime is unknown or has not this precision, or a number is below 1.
    """

    runtime: RuntimeName = "onnxruntime"
    precision: Precision = "fp32"
    threads: int | None = None
    batch: int = BATCH
    parallel_batches: int = 1
    chosen: Literal["default", "asked", "measured"] = field(default="default", compare=False)

    def __post_init__(self) -> None:
        _check_word("runtime", self.runtime, RUNTIMES)
        _check_word("precision", self.precision, PRECISIONS)
        if self.precision != "fp32" and self.runtime != DEFAULT_RUNTIME[self.precision]:
            raise DistiliqaError(
                f"the runtime {self.runtime} does not run in {self.precision}",
                remedy=f"use {DEFAULT_RUNTIME[self.precision]} for {self.precision}",
            )
        for name, value in (
            ("threads", self.threads),
            ("batch", self.batch),
            ("parallel_batches", self.parallel_batches),
        ):
            if value is not None and value < 1:
                raise DistiliqaError(f"{name} is {value}", remedy="use 1 or more")


def asked(
    runtime: RuntimeName | None = None,
    precision: Precision = "fp32",
    threads: int | None = None,
    batch: int | None = None,
) -> Execution:
    """Make the execution that a user asks for; None takes a default.

    Raises
    ------
    DistiliqaError
        See `Execution`.
    """
    _check_word("precision", precision, PRECISIONS)
    return Execution(
        runtime or DEFAULT_RUNTIME[precision],
        precision,
        threads,
        BATCH if batch is None else batch,
        chosen="default" if threads is None and batch is None else "asked",
    )


def for_many(execution: Execution) -> Execution:
    """Choose the execution for many slices: by default each core scores a slice of its own.

    Where all cores share one slice of a small network, they wait for each other at every operation.
    An execution that a user asked for stays as it is.
    """
    count = min(cores(), MAX_PARALLEL_BATCHES)
    if execution.chosen != "default" or execution.runtime != "onnxruntime" or count == 1:
        return execution
    return replace(execution, threads=cores() // count, batch=1, parallel_batches=count)


def described(execution: Execution) -> str:
    """Describe an execution in a few words."""
    threads = {None: "all cores", 1: "1 thread"}.get(execution.threads)
    words = [
        f"{execution.runtime} in {execution.precision}",
        threads or f"{execution.threads} threads",
        f"batches of {execution.batch}",
        *([] if execution.parallel_batches == 1 else [f"{execution.parallel_batches} in parallel"]),
    ]
    return ", ".join(words)


def in_parallel(
    work: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Yield the results in the order of the items; ``workers`` threads work at the same time."""
    pending: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > workers:  # one item waits, so that no thread does
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _check_word(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise DistiliqaError(f"{what} is {word!r}", remedy=f"use {', '.join(known)}")

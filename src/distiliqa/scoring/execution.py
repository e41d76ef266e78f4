"""How a model is run: by what, in which precision, with how many threads, how many at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from distiliqa.errors import DistiliqaError
from distiliqa.scoring.machine import cores

RuntimeName = Literal["onnxruntime", "cuda", "openvino"]
Precision = Literal["fp32", "bf16"]
RUNTIMES: tuple[RuntimeName, ...] = get_args(RuntimeName)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
DEFAULT_RUNTIME: dict[Precision, RuntimeName] = {"fp32": "onnxruntime", "bf16": "openvino"}

# The published stem holds 128 x 448 x 448 values a slice: larger batches cost memory, not time.
BATCH = 4
MAX_PARALLEL_BATCHES = 8  # each holds the values between the layers of a slice


@dataclass(frozen=True)
class Execution:
    """What runs a model, and how.

    Scores do not depend on it beyond 1e-4, but for the precision: ``bf16`` has 8 significant bits.

    Attributes
    ----------
    runtime : ``onnxruntime`` is ONNX Runtime on the CPU, ``cuda`` the same on an NVIDIA GPU,
        ``openvino`` OpenVINO on the CPU.
    precision : of multiplications; ``bf16`` is for ``openvino`` only.
    threads : CPU threads; None leaves their number to the runtime (all cores).
    batch : slices at a time.
    parallel_batches : batches that are scored at the same time, each with ``threads``.
    chosen : ``default``, ``asked`` (by the user) or ``measured`` (on this machine).

    Raises
    ------
    DistiliqaError : no such runtime, not in this precision, or no threads or slices.
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
    """The execution that a user asks for; None leaves a part to its default.

    Raises
    ------
    DistiliqaError : see `Execution`.
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
    """The default way to score many slices: one on each core, rather than one on all.

    A network of milliseconds leaves cores waiting for each other at every operation, and the
    threads that read the next slices for a core. What a user asked for stays as it is.
    """
    count = min(cores(), MAX_PARALLEL_BATCHES)
    if execution.chosen != "default" or execution.runtime != "onnxruntime" or count == 1:
        return execution
    return replace(execution, threads=cores() // count, batch=1, parallel_batches=count)


def described(execution: Execution) -> str:
    """An execution in a few words."""
    threads = {None: "all cores", 1: "1 thread"}.get(execution.threads)
    words = [
        f"{execution.runtime} in {execution.precision}",
        threads or f"{execution.threads} threads",
        f"batches of {execution.batch}",
        *([] if execution.parallel_batches == 1 else [f"{execution.parallel_batches} in parallel"]),
    ]
    return ", ".join(words)


def _check_word(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise DistiliqaError(f"{what} is {word!r}", remedy=f"use {', '.join(known)}")

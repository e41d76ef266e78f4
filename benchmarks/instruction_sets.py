"""The shipped model on all instructions that this CPU has, and held to AVX2.

    DISTILIQA_BENCH_DATA=DICOM python benchmarks/instruction_sets.py [--json FILE]

ONNX Runtime cannot be held to older instructions. PyTorch can, and OpenVINO for its convolutions
and most else. Variables of the environment hold them, each run in a process of its own.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray

from bench.alone import alone
from bench.figures import Figure, Found, main
from bench.slices import distinct_slices
from distiliqa.lab.network import load_network
from distiliqa.models.config import OUTPUT
from distiliqa.scoring.model import load_model

SLICES, ROUNDS, REPEATS = 24, 3, 3
SAME = 1e-3
AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
RUNTIMES = {"openvino": "OpenVINO", "torch": "PyTorch"}

Scored = tuple[float, list[float]]


def measure() -> Found:
    """Both sets of instructions in turn, by each runtime."""
    widest = torch.backends.cpu.get_cpu_capability()
    found = Found(
        "Instruction sets",
        f"Slices a second of the shipped network in fp32, on all cores. This CPU has {widest}. "
        "On some CPUs that is as fast as AVX2, since its registers are worked on in halves.",
    )
    if widest != "AVX512":
        found.left_out.append(f"two sets of instructions: this CPU has {widest}, and no more")
        return found
    for runtime, name in RUNTIMES.items():
        if find_spec(runtime) is None:
            found.left_out.append(f"{name}: it is not installed")
        else:
            found.figures.extend(_compared(runtime, name, widest))
    return found


def _compared(runtime: str, name: str, widest: str) -> Iterator[Figure]:
    rounds = [(_run(runtime), _run(runtime, AVX2)) for _ in range(ROUNDS)]
    wide, narrow = ([rate for rate, _ in runs] for runs in zip(*rounds, strict=True))
    yield Figure(f"compact, {name}, {widest}", statistics.median(wide), "slices/s")
    yield Figure(f"compact, {name}, AVX2", statistics.median(narrow), "slices/s")
    shares = [slow / fast for fast, slow in zip(wide, narrow, strict=True)]
    title = f"compact, {name}, AVX2 against {widest}"
    yield Figure(title, statistics.median(shares), "times")
    apart = max(float(np.abs(np.subtract(a, b)).max()) for (_, a), (_, b) in rounds)
    title = f"compact, {name}, AVX2 and {widest}: scores apart"
    yield Figure(title, apart, "points of 4", at_most=SAME)


def _run(runtime: str, environment: dict[str, str] | None = None) -> Scored:
    rate, scores = alone("instruction_sets", "scored", runtime, environment=environment).result
    return rate, scores


def scored(runtime: str) -> Scored:
    """Slices a second, and the scores of the slices; for `alone`."""
    images = distinct_slices(SLICES)
    run = _network(runtime)
    scores = [float(run(image[np.newaxis]).mean()) for image in images]
    seconds = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        for image in images:
            run(image[np.newaxis])
        seconds.append(time.perf_counter() - begin)
    return len(images) / min(seconds), scores


def _network(runtime: str) -> Callable[[NDArray[np.float32]], NDArray[np.floating]]:
    if runtime == "openvino":
        model = load_model(runtime="openvino")
        return lambda image: model.run(image)[OUTPUT]
    network = load_network(load_model().folder)

    def run(image: NDArray[np.float32]) -> NDArray[np.floating]:
        with torch.inference_mode():
            return network(torch.from_numpy(image)).numpy()

    return run


if __name__ == "__main__":
    main(measure, __doc__)

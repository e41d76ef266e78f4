"""What this machine multiplies a second, by the best of several libraries: a limit for networks.

Two square matrices are multiplied by torch, ONNX Runtime and NumPy, in fp32, bf16 and int8 as far
as each can. NumPy runs in a process of its own without the variables that take from its library
the choice of kernels, as some environments set them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from bench.rounds import rate, side_by_side

SIDE, ROUNDS = 2048, 5
FP32, BF16, INT8 = "fp32", "bf16", "int8"
NUMPY = "NumPy"
_KERNELS = ("OPENBLAS_CORETYPE", "MKL_DEBUG_CPU_TYPE", "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR")
_BY_NUMPY = """
import statistics, sys, time
import numpy
side, rounds = map(int, sys.argv[1:])
a, b = numpy.random.default_rng(0).random((2, side, side), numpy.float32)
def seconds():
    begin = time.perf_counter()
    a @ b
    return time.perf_counter() - begin
seconds()
print(statistics.median(seconds() for _ in range(rounds)))
"""

Products = dict[str, dict[str, float]]


def products() -> Products:
    """Billions of operations a second, by precision and library; an addition is one too."""
    runs = {FP32: _of_fp32(), BF16: _of_bf16(), INT8: _of_int8()}
    found: Products = {}
    for precision, by_library in runs.items():
        seconds = side_by_side(by_library, ROUNDS)
        found[precision] = {name: _operations() * rate(seconds, name, 1) for name in by_library}
    seconds_of_numpy = float(output_of(_BY_NUMPY, str(SIDE), str(ROUNDS)))
    found[FP32][NUMPY] = _operations() / seconds_of_numpy
    return found


def best(by_library: Mapping[str, float]) -> tuple[str, float]:
    """The fastest library, and its operations a second in billions."""
    return max(by_library.items(), key=lambda item: item[1])


def _operations() -> float:
    return 2e-9 * SIDE**3


def _of_fp32() -> dict[str, Callable[[], object]]:
    first, second = torch.rand(2, SIDE, SIDE)
    session = _session("MatMul", second.numpy())
    feeds = {"a": first.numpy()}
    return {
        "torch": partial(torch.mm, first, second),
        "ONNX Runtime": lambda: session.run(None, feeds),
    }


def _of_bf16() -> dict[str, Callable[[], object]]:
    first, second = torch.rand(2, SIDE, SIDE).bfloat16()
    return {"torch": partial(torch.mm, first, second)}


def _of_int8() -> dict[str, Callable[[], object]]:
    first = torch.randint(0, 127, (SIDE, SIDE), dtype=torch.int8)
    second = torch.randint(-127, 127, (SIDE, SIDE), dtype=torch.int8)
    session = _session("MatMulInteger", second.numpy())
    feeds = {"a": first.numpy().astype(np.uint8)}
    return {
        "torch": partial(torch._int_mm, first, second),
        "ONNX Runtime": lambda: session.run(None, feeds),
    }


def _session(operator: str, second: np.ndarray) -> onnxruntime.InferenceSession:
    """A product with a constant on the right, which is then packed once, as weights are."""
    whole = operator == "MatMulInteger"
    given = TensorProto.UINT8 if whole else TensorProto.FLOAT
    taken = TensorProto.INT32 if whole else TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node(operator, ["a", "b"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", given, [SIDE, SIDE])],
        [helper.make_tensor_value_info("c", taken, [SIDE, SIDE])],
        [numpy_helper.from_array(second, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    return onnxruntime.InferenceSession(model.SerializeToString())


def output_of(program: str, *arguments: str) -> str:
    """Output of a program of Python whose libraries choose their kernels by themselves."""
    free = {name: value for name, value in os.environ.items() if name not in _KERNELS}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=free, capture_output=True, text=True, check=True).stdout

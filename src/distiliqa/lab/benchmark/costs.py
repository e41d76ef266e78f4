"""Cost of a network: parameters, floating-point operations, and milliseconds in ONNX Runtime."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.backbones import Rater
from distiliqa.lab.network.onnx_export import OPSET
from distiliqa.models.config import INPUT, OUTPUT
from distiliqa.scratch import scratch_folder

_RUNS = 7
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Cost:
    """Cost of scoring one slice.

    Attributes
    ----------
    parameters : number of weights.
    flop : floating-point operations of convolutions and matrix products, two for a
        multiplication and addition.
    ms : median of seven runs in ONNX Runtime on the CPU, milliseconds, with its default threads;
        None where torch cannot export the network.
    problem : why it cannot.
    """

    parameters: int
    flop: int
    ms: float | None
    problem: str = ""

    def times(self, count: int) -> Cost:
        """Cost of an ensemble of so many."""
        ms = None if self.ms is None else self.ms * count
        return Cost(self.parameters * count, self.flop * count, ms, self.problem)


def known_cost(rater: Rater, path: Path) -> Cost:
    """Cost of a network, measured once and kept in a file."""
    if not path.is_file():
        write_json(path, asdict(cost_of(rater, path.parent)))
    return Cost(**read_json(path))


def cost_of(rater: Rater, folder: Path) -> Cost:
    """Measure the cost of a network; an ONNX file lies in ``folder`` for the time."""
    rater = rater.cpu().eval()
    size = rater.config.image_size
    # The plain form of attention: the counter does not know the fused one of CPUs.
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.inference_mode():
        rater(torch.zeros(1, 1, size, size))
    parameters = sum(parameter.numel() for parameter in rater.parameters())
    try:
        ms, problem = _milliseconds(rater, folder), ""
    except Exception as error:  # torch and ONNX Runtime pass on whatever an operator makes them
        ms, problem = None, str(error).strip().partition("\n")[0][:200] or type(error).__name__
    return Cost(parameters, counter.get_total_flops(), ms, problem)


def _milliseconds(rater: Rater, folder: Path) -> float:
    import onnxruntime

    size = rater.config.image_size
    image = np.random.default_rng(0).random((1, 1, size, size), np.float32)
    with scratch_folder(folder) as scratch:
        path = scratch / "network.onnx"
        _export(rater, torch.from_numpy(image), path)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (found,) = session.run([OUTPUT], {INPUT: image})
        with torch.inference_mode():
            expected = rater(torch.from_numpy(image)).numpy()
        worst = float(np.abs(found - expected).max())
        if not worst <= _TOLERANCE * max(1.0, float(np.abs(expected).max())):
            raise ValueError(f"ONNX differs from torch by {worst:.2g}")
        taken = []
        for _ in range(_RUNS):
            start = time.perf_counter()
            session.run([OUTPUT], {INPUT: image})
            taken.append(time.perf_counter() - start)
    return 1000 * median(taken)


def _export(rater: Rater, image: torch.Tensor, path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            rater,
            (image,),
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(str(path), external_data=False)

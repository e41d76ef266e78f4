"""CPU time of the measures of a slice beside that of the network of compact 0.1.0.

    python benchmarks/measuring.py [--data FOLDER] [--json FILE]

The measures are those of ``distiliqa score --measures basic``, of slices of the example series or
of a folder. Noise level, shift of HU and shape of the body are computed with every score, so they
do not count. ONNX Runtime runs the graph in fp32, with random weights. Slices take turns with the
graph, on one thread, and only the CPU time of this process counts, the median of seven rounds.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime

from bench.compact_0_1_0 import write_compact_0_1_0
from bench.figures import Figure, Found, publish
from distiliqa.ct import CTSlice, index_ct
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.metrics import SliceParts
from distiliqa.models.config import INPUT
from distiliqa.scoring.measuring import measured

SLICES, ROUNDS, SHARE = 24, 7, 0.3


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, default=EXAMPLE_SERIES, help="slices to measure")
    options.add_argument("--json", type=Path, help="write what was found here")
    chosen = options.parse_args()
    publish(measure(chosen.data), chosen.json)


def measure(data: Path = EXAMPLE_SERIES) -> Found:
    """Measure slices and run the graph in turn."""
    found = index_ct(data).slices
    slices = [info.read() for info in found[:: max(1, len(found) // SLICES)]]
    session = _session()
    image = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    pairs = [
        [
            (_seconds(lambda: session.run(None, {INPUT: image})), _measuring(ct))
            for _ in range(ROUNDS)
        ]
        for ct in slices
    ]
    # The median of each slice: other programs slow some rounds down.
    network, measuring = (
        statistics.fmean(statistics.median(pair[at] for pair in rounds) for rounds in pairs)
        for at in (0, 1)
    )
    return Found(
        "Measures of a slice",
        "CPU time of one slice on one thread: all measures of a slice, and the network of compact "
        "0.1.0 in ONNX Runtime, fp32, in turn.",
        [
            Figure("network of compact 0.1.0", 1e3 * network, "ms"),
            Figure("measures of a slice", 1e3 * measuring, "ms"),
            Figure(
                "measures against the network of compact 0.1.0",
                measuring / network,
                "times",
                at_most=SHARE,
            ),
        ],
    )


def _session() -> onnxruntime.InferenceSession:
    with TemporaryDirectory() as folder:
        path = write_compact_0_1_0(Path(folder) / "compact.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _measuring(ct: CTSlice) -> float:
    parts = SliceParts(ct.hu, ct.spacing_mm)
    _ = parts.noise_hu, parts.offset_hu, parts.shape
    return _seconds(lambda: measured(ct, parts, "basic"))


def _seconds(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return time.process_time() - begin


if __name__ == "__main__":
    main()

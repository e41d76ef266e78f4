"""CPU time of the graph of compact beside that of compact 0.1.0, both with random weights.

    python benchmarks/compact_graphs.py [--json FILE]

Both graphs have all their outputs, and are made anew by the present export. ONNX Runtime runs them
in turn, in fp32, one slice on one thread. Only the CPU time of this process counts, so other
programs disturb little.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime

from bench.figures import Figure, Found, main
from bench.model_sizes import COMPACT_0_1_0, random_graph
from distiliqa.lab.network import PRESETS, NetworkConfig
from distiliqa.lab.network.onnx_export import write_onnx
from distiliqa.models.config import INPUT

ROUNDS, HALF = 40, 0.5
GRAPHS = {
    "compact 0.1.0": COMPACT_0_1_0,
    "compact": PRESETS["compact"].with_outputs(5).with_heads(map=True, processed=True),
}


def measure() -> Found:
    with TemporaryDirectory() as folder:
        sessions = [_session(Path(folder), sizes) for sizes in GRAPHS.values()]
    image = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    rounds = [[_seconds(session, image) for session in sessions] for _ in range(ROUNDS + 1)][1:]
    earlier, now = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    share = statistics.median(new / old for old, new in rounds)
    return Found(
        "Graphs of compact",
        "CPU time of one slice on one thread in ONNX Runtime, fp32, both graphs in turn.",
        [
            Figure("graph of compact 0.1.0", 1e3 * earlier, "ms"),
            Figure("graph of compact", 1e3 * now, "ms"),
            Figure("share of the time of compact 0.1.0", share, "times", at_most=HALF),
        ],
    )


def _session(folder: Path, sizes: NetworkConfig) -> onnxruntime.InferenceSession:
    path = folder / "model.onnx"
    write_onnx(random_graph(sizes), path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path.read_bytes(), options)


def _seconds(session: onnxruntime.InferenceSession, image: np.ndarray) -> float:
    begin = time.process_time()
    session.run(None, {INPUT: image})
    return time.process_time() - begin


if __name__ == "__main__":
    main(measure, __doc__)

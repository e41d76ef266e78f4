"""CPU time of the graph of compact beside that of compact 0.1.0.

    python benchmarks/compact_graphs.py [--model FOLDER] [--json FILE]

Both graphs have all their outputs and random weights. That of 0.1.0 is as it was shipped, the newer
one is made by the present export; with --model, the graph of a model folder takes its place. ONNX
Runtime runs them in turn, in fp32, one slice on one thread. Only the CPU time of this process
counts, so other programs disturb little.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime

from bench.compact_0_1_0 import write_compact_0_1_0
from bench.figures import Figure, Found, publish
from bench.model_sizes import random_graph
from distiliqa.lab.network import PRESETS, NetworkConfig
from distiliqa.lab.network.onnx_export import write_onnx
from distiliqa.models.config import INPUT
from distiliqa.models.folder import ONNX, find_model

ROUNDS, HALF = 40, 0.5
COMPACT = PRESETS["compact"].with_outputs(5).with_heads(map=True, processed=True)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--model", metavar="FOLDER", help="name or folder of a model")
    options.add_argument("--json", type=Path, help="write what was found here")
    chosen = options.parse_args()
    publish(measure(chosen.model), chosen.json)


def measure(model: str | None = None) -> Found:
    with TemporaryDirectory() as folder:
        before = _session(write_compact_0_1_0(Path(folder, "0.1.0.onnx")))
        graph = find_model(model) / ONNX if model else _written(Path(folder), COMPACT)
        sessions = (before, _session(graph))
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


def _written(folder: Path, sizes: NetworkConfig) -> Path:
    path = folder / "model.onnx"
    write_onnx(random_graph(sizes), path)
    return path


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path.read_bytes(), options)


def _seconds(session: onnxruntime.InferenceSession, image: np.ndarray) -> float:
    begin = time.process_time()
    session.run(None, {INPUT: image})
    return time.process_time() - begin


if __name__ == "__main__":
    main()

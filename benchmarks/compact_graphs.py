"""CPU time of the graph of compact beside that of compact 0.1.0.

    python benchmarks/compact_graphs.py [--model FOLDER] [--json FILE]

Both graphs have all their outputs and random weights. That of 0.1.0 is as it was shipped, the newer
one is made by the present export; with --model, the graph of a model folder takes its place. It is
also run without its heatmap, as in a run without a report. ONNX Runtime runs them in turn, in fp32,
one slice on one thread. Only the CPU time of this process counts, so other programs disturb little.
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
from bench.model_sizes import gflop, random_graph
from distiliqa.lab.network import PRESETS, NetworkConfig
from distiliqa.lab.network.onnx_export import write_onnx
from distiliqa.models.config import DISTANCE, INPUT, OUTPUT, PROCESSED
from distiliqa.models.folder import ONNX, find_model
from distiliqa.scoring.runtimes.onnx_part import part_of

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
        before = _session(write_compact_0_1_0(Path(folder, "0.1.0.onnx")).read_bytes())
        graph = find_model(model) / ONNX if model else _written(Path(folder), COMPACT)
        content = graph.read_bytes()
    part = part_of(content, (OUTPUT, DISTANCE, PROCESSED))
    sessions = (before, _session(content), _session(part))
    image = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    rounds = [[_seconds(session, image) for session in sessions] for _ in range(ROUNDS + 1)][1:]
    earlier, now, less = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    share, of_part = (statistics.median(row[at] / row[0] for row in rounds) for at in (1, 2))
    return Found(
        "Graphs of compact",
        "CPU time of one slice on one thread in ONNX Runtime, fp32, both graphs in turn.",
        [
            Figure("graph of compact 0.1.0", 1e3 * earlier, "ms"),
            Figure("graph of compact", 1e3 * now, "ms"),
            Figure("graph of compact, no heatmap", 1e3 * less, "ms"),
            Figure("work of compact", gflop(COMPACT), "GFLOP", note="a slice, scores alone"),
            Figure("share of the time of compact 0.1.0", share, "times", at_most=HALF),
            Figure("share of that time, no heatmap", of_part, "times", at_most=HALF),
        ],
    )


def _written(folder: Path, sizes: NetworkConfig) -> Path:
    path = folder / "model.onnx"
    write_onnx(random_graph(sizes), path)
    return path


def _session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # no word on weights that only the heatmap needs
    return onnxruntime.InferenceSession(content, options)


def _seconds(session: onnxruntime.InferenceSession, image: np.ndarray) -> float:
    begin = time.process_time()
    session.run(None, {INPUT: image})
    return time.process_time() - begin


if __name__ == "__main__":
    main()

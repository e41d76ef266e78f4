"""CPU time of the graph of compact beside that of compact 0.1.0.

    python benchmarks/compact_graphs.py [--model FOLDER] [--json FILE]

All graphs but that in int8 have random weights. That of 0.1.0 is as it was shipped, the newer one
is made by the present export; with --model, the graph of a model folder takes its place. It is also
run without its heatmap, as in a run without a report. The graph in int8 is what ``distiliqa tune``
makes of that model, or of the shipped one, without its heatmap. The others are in fp32. ONNX
Runtime runs them in turn, one slice on one thread. Only the CPU time of this process counts, so
other programs disturb little.
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
from distiliqa.errors import DistiliqaError
from distiliqa.lab.network import PRESETS, NetworkConfig
from distiliqa.lab.network.onnx_export import write_onnx
from distiliqa.models.config import DISTANCE, INPUT, OUTPUT, PROCESSED
from distiliqa.models.folder import ONNX, find_model
from distiliqa.scoring.model import load_model
from distiliqa.scoring.reduced_precision import offer_int8
from distiliqa.scoring.runtimes.int8 import made_int8
from distiliqa.scoring.runtimes.onnx_part import part_of

ROUNDS, HALF, THIRD = 40, 0.5, 1 / 3
COMPACT = PRESETS["compact"].with_outputs(5).with_heads(map=True, processed=True)
_FIRST = "compact 0.1.0"


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--model", metavar="FOLDER", help="name or folder of a model")
    options.add_argument("--json", type=Path, help="write what was found here")
    chosen = options.parse_args()
    publish(measure(chosen.model), chosen.json)


def measure(model: str | None = None) -> Found:
    with TemporaryDirectory() as folder:
        before = write_compact_0_1_0(Path(folder, "0.1.0.onnx")).read_bytes()
        graph = find_model(model) / ONNX if model else _written(Path(folder), COMPACT)
        content = graph.read_bytes()
    graphs = {
        _FIRST: before,
        "compact": content,
        "compact, no heatmap": part_of(content, (OUTPUT, DISTANCE, PROCESSED)),
    }
    left_out = []
    try:
        graphs["compact in int8, no heatmap"] = _int8(model or "compact")
    except DistiliqaError as error:
        left_out.append(f"compact in int8: {error.reason}")
    return Found(
        "Graphs of compact",
        "CPU time of one slice on one thread in ONNX Runtime, all graphs in turn.",
        [
            Figure("work of compact", gflop(COMPACT), "GFLOP", note="a slice, scores alone"),
            *_figures(graphs),
        ],
        left_out=left_out,
    )


def _int8(model: str) -> bytes:
    """The int8 graph of a model. Raises `DistiliqaError` where it is not offered."""
    loaded = load_model(model)
    offer_int8(loaded.folder, loaded.config)
    return made_int8(loaded.config.giving(heatmaps=False)).read_bytes()


def _figures(graphs: dict[str, bytes]) -> list[Figure]:
    sessions = [_session(content) for content in graphs.values()]
    image = np.random.default_rng(0).random((1, 1, 512, 512), np.float32)
    rounds = [[_seconds(session, image) for session in sessions] for _ in range(ROUNDS + 1)][1:]
    medians = map(statistics.median, zip(*rounds, strict=True))
    figures = [
        Figure(f"graph of {name}", 1e3 * seconds, "ms")
        for name, seconds in zip(graphs, medians, strict=True)
    ]
    for at, name in [*enumerate(graphs)][1:]:
        share = statistics.median(row[at] / row[0] for row in rounds)
        at_most = THIRD if "int8" in name else HALF
        figures.append(Figure(f"{name} against {_FIRST}", share, "times", at_most=at_most))
    return figures


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

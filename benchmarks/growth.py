"""How time and memory grow: with slices, image size, network, cores and batch.

    python benchmarks/growth.py [--json FILE]

Each point is a process of its own, whose peak memory is told by the system. Many slices are hard
links to those of the example series.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE
from typing import Any

import numpy as np

from bench.alone import peak_mib
from bench.figures import Curve, Figure, Found, main
from distiliqa.cli.example import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, index_ct, read_ct

COUNTS = (1, 10, 100, 1000, 10_000)
BATCHES = (1, 2, 4, 8, 16)
SIZES = (256, 512, 768, 1024)
TASK = "DISTILIQA_GROWTH"
NETWORKS = ("compact", "wider", "deeper", "published")
INFERRED = 48  # slices


def links(count: int, folder: Path) -> Path:
    """A folder of ``count`` files, links to copies of those of the example series."""
    sources = [each.path for each in index_ct(EXAMPLE_SERIES).slices][:count]
    folder.mkdir()
    for number, source in enumerate(sources):
        shutil.copyfile(source, folder / f"{number:05d}.dcm")
    for number in range(len(sources), count):
        os.link(folder / f"{number % len(sources):05d}.dcm", folder / f"{number:05d}.dcm")
    return folder


def score_folder(folder: str) -> dict[str, float]:
    """Score a folder of files to CSV, warm."""
    from distiliqa.report.csv import write_csv
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.run import score_inputs

    model = load_model()
    score_inputs([EXAMPLE_SERIES], model)
    begin = time.perf_counter()
    run = score_inputs([folder], model)
    write_csv(Path(folder).with_suffix(".csv"), run.slices)
    return {"seconds": time.perf_counter() - begin, "scored": len(run.slices)}


def infer(batch: int, cores: int | None = None, size: int = 512) -> dict[str, float]:
    """Score slices that are in memory."""
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.prepare import prepare

    if cores is not None:
        os.sched_setaffinity(0, set(list(os.sched_getaffinity(0))[:cores]))
    model = load_model(threads=cores)
    slices = [ct if size == 512 else replace(ct, hu=_sized(ct.hu, size)) for ct in _examples()]
    list(model.score_prepared([prepare(ct, model.config) for ct in slices[:batch]], batch))
    begin = time.perf_counter()
    list(model.score_prepared((prepare(ct, model.config) for ct in slices), batch))
    return {"seconds": time.perf_counter() - begin, "scored": len(slices)}


def _examples() -> list[Any]:
    known = list(read_ct(EXAMPLE_SERIES))
    return [known[n % len(known)] for n in range(INFERRED)]


def _sized(hu: np.ndarray, size: int) -> np.ndarray:
    if size < 512:
        return hu[:size, :size].copy()
    return np.pad(hu, (size - 512) // 2, constant_values=-1000)


def run_network(name: str) -> dict[str, float]:
    """ONNX Runtime on an untrained network."""
    import torch

    from distiliqa.model import PRESETS, Network
    from distiliqa.model.export import export_network
    from distiliqa.model.graph import ScoringGraph
    from distiliqa.model_folder import ModelConfig, ScoreScale
    from distiliqa.scoring.model import load_model

    compact, published = PRESETS["compact"], PRESETS["published"]
    sizes = {
        "compact": compact,
        "wider": replace(compact, width=384, heads=6, mlp=1536),
        "deeper": replace(compact, depth=12),
        "published": published,
    }[name]
    torch.manual_seed(0)
    images = np.stack([SOFT_TISSUE.apply(ct.hu) for ct in read_ct(EXAMPLE_SERIES)])[:4, None]
    images = images.astype(np.float32)
    network = Network(sizes.with_outputs(5)).eval()
    config = ModelConfig(name, "bench", {}, 5, ScoreScale(0, 1, "none"))
    with tempfile.TemporaryDirectory() as folder:
        export_network(ScoringGraph(network), Path(folder), config, "", images[:1])
        session = load_model(folder).session
        session.run(None, {"image": images})
        begin, passes = time.perf_counter(), 0
        while time.perf_counter() - begin < 3:
            session.run(None, {"image": images})
            passes += 1
        spent = time.perf_counter() - begin
    parameters = sum(each.numel() for each in network.parameters())
    return {"seconds": spent, "scored": passes * len(images), "parameters": parameters}


TASKS = {"score_folder": score_folder, "infer": infer, "run_network": run_network}


def alone(task: str, **arguments: object) -> dict[str, float]:
    """The seconds, slices and MiB of one task in a process of its own."""
    told = json.dumps([task, arguments])
    command = [sys.executable, __file__]
    done = subprocess.run(command, env=os.environ | {TASK: told}, check=True, stdout=PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def rate(found: dict[str, float]) -> float:
    return found["scored"] / found["seconds"]


def measure() -> Found:
    with tempfile.TemporaryDirectory() as name:
        by_count = {
            count: alone("score_folder", folder=str(links(count, Path(name) / str(count))))
            for count in COUNTS
        }
    by_batch = {batch: alone("infer", batch=batch) for batch in BATCHES}
    by_size = {size: alone("infer", batch=4, size=size) for size in SIZES}
    cores = range(1, (os.cpu_count() or 1) + 1)
    by_cores = {count: alone("infer", batch=4, cores=count) for count in cores}
    networks = {name: alone("run_network", name=name) for name in NETWORKS}
    gain = rate(by_cores[cores[-1]]) / rate(by_cores[1])
    few, many = by_count[COUNTS[2]]["memory"], by_count[COUNTS[-1]]["memory"]
    figures = [
        Figure("peak memory of 10,000 slices", many, "MiB", at_most=1024),
        Figure(
            "peak memory, 10,000 slices beside 100", many / few, "times", at_most=1.5,
            note="what is kept of each slice is its score",
        ),
        Figure("10,000 slices, files to CSV", rate(by_count[COUNTS[-1]]), "slices/s"),
        Figure(f"{cores[-1]} cores beside 1", gain, "times", note="slices in memory"),
    ]  # fmt: skip
    about = "Peak memory of a process of its own for each point; slices of the example series."
    return Found("How cost grows", about, figures, _curves(by_count, by_batch, by_size, networks))


def _curves(
    by_count: dict[int, Any], by_batch: dict[int, Any], by_size: dict[int, Any], networks: Any
) -> list[Curve]:
    def seconds(found: dict[int, Any]) -> list[tuple[float, float]]:
        return [(float(at), each["seconds"]) for at, each in found.items()]

    def rates(found: dict[int, Any]) -> list[tuple[float, float]]:
        return [(float(at), rate(each)) for at, each in found.items()]

    def memory(found: dict[int, Any]) -> list[tuple[float, float]]:
        return [(float(at), each["memory"]) for at, each in found.items()]

    return [
        Curve(
            "Time against slices", "slices", "s", {"files to CSV": seconds(by_count)},
            "Linear once the threads that read ahead are full; one slice cannot be read while "
            "another is scored.",
        ),
        Curve(
            "Memory against slices", "slices", "MiB", {"files to CSV": memory(by_count)},
            "Scores, acquisition facts and hashes stay in memory until they are written; pixels do "
            "not.",
        ),
        Curve(
            "Rate against batch", "slices in a batch", "slices/s", {"compact": rates(by_batch)},
            "The cores are full with one slice; larger batches leave the cache.",
        ),
        Curve(
            "Rate against image size", "pixels a side", "slices/s", {"compact": rates(by_size)},
            "The network always sees 512 x 512 pixels: only checks, fitting and noise level grow.",
        ),
        Curve(
            "Rate against network", "million parameters", "slices/s",
            {name: [(each["parameters"] / 1e6, rate(each))] for name, each in networks.items()},
            "The published stem works at full resolution: it costs by pixels, not by parameters.",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    if TASK in os.environ:
        task, arguments = json.loads(os.environ[TASK])
        found = TASKS[task](**arguments)
        found["memory"] = peak_mib()
        print(json.dumps(found))
    else:
        main(measure, __doc__)

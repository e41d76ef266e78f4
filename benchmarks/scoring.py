"""Scoring: the published network full frame, as the fast path and in bf16; compact; tuned; CUDA.

    DISTILIQA_BENCH_DATA=DICOM python benchmarks/scoring.py [--json FILE]

There are no published weights: `bench.stand_in` makes some whose scores follow those of the shipped
model on the slices that are measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from bench.figures import Figure, Found, main
from bench.full_frame import FullFrame
from bench.matrix_products import BF16, FP32, Products, best, products
from bench.model_sizes import gflop, gflop_of
from bench.rounds import Seconds, rate, ratio, side_by_side
from bench.slices import DATA, distinct_slices
from bench.stand_in import stand_in
from distiliqa.errors import DistiliqaError
from distiliqa.lab.network import PRESETS, NetworkConfig, export_network, load_network
from distiliqa.lab.network.graph import ScoringGraph
from distiliqa.lab.network.published import to_published
from distiliqa.models.config import OUTPUT, ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.execution import BATCH, described, in_parallel
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.runtimes.runtime import installed_runtimes
from distiliqa.scoring.trials import fastest, is_busy
from distiliqa.scoring.trials import measure as try_out

Images = NDArray[np.float32]
Run = Callable[[Images], NDArray]

SLICES, ROUNDS = 48, 3
SAME, CLOSE, RANKED = 1e-4, 0.02, 0.999
EAGER, FAST, OPENVINO, REDUCED = "eager", "onnxruntime", "openvino", "bf16"


def measure() -> Found:
    images, shipped, limits = distinct_slices(SLICES), load_model(), products()
    targets = by_model(shipped)(images)
    found = Found(
        "Scoring",
        f"Slices a second of the network alone, batches of {BATCH}, all runs in turn. "
        f"{len(images)} slices: the example series, and those of {DATA} where it is set. The "
        "published network has random weights, the batch normalization of these slices, and a "
        "head fitted by ridge regression to the scores that the shipped model gives them.",
    )
    found.figures.extend(limit_figures(limits))
    with TemporaryDirectory() as folder:
        eager = published(Path(folder), images, targets)
        exact = load_model(folder)
        measure_published(found, eager, exact, images, limits)
        measure_compact(found, shipped, images, limits)
        measure_tuning(found, shipped, images)
        measure_cuda(found, {"published": exact, "compact": shipped}, images)
    return found


def published(folder: Path, images: Images, targets: NDArray) -> Run:
    """Write the stand-in as a model folder; give what runs its weights full frame in PyTorch."""
    network = stand_in(images, targets)
    scale = ScoreScale(0, 4, "as the shipped model")
    config = ModelConfig("published", "stand-in", {}, targets.shape[1], scale)
    export_network(ScoringGraph(network), folder, config, "", images[:1])
    eager = FullFrame(targets.shape[1]).eval()
    eager.load_state_dict(to_published(network.state_dict()))
    return by_torch(eager)


def measure_published(
    found: Found, eager: Run, exact: Model, images: Images, limits: Products
) -> None:
    runs = {EAGER: eager, FAST: by_model(exact)}
    published: dict[str, Any] = {
        OPENVINO: {"runtime": "openvino"},
        REDUCED: {"runtime": "openvino", "precision": "bf16"},
    }
    for name, options in published.items():
        with noted_if_absent(found, f"published network by {name}"):
            runs[name] = by_model(load_model(exact.folder, **options))
    few = images[:BATCH]
    seconds = side_by_side(bound_to(runs, few), ROUNDS)
    whole, cropped = gflop_of(FullFrame(1), 512), gflop(PRESETS["published"])
    work = {name: whole if name == EAGER else cropped for name in runs}
    found.figures.extend(shares(seconds, len(few), work, limits, "published"))
    for name in runs:
        found.figures.append(
            Figure(f"published, {name}", rate(seconds, name, len(few)), "slices/s")
        )
    bounds = {FAST: 4.0, REDUCED: 8.0}
    expected = eager(images[::8])
    for name in [*runs][1:]:
        times = ratio(seconds, EAGER, name)
        found.figures.append(
            Figure(f"published, {name} against eager", times, "times", bounds.get(name))
        )
        if name != REDUCED:
            moved = most_moved(runs[name](images[::8]), expected)
            found.figures.append(same(f"published, {name}: scores moved", moved))
    if REDUCED in runs:
        found.figures.extend(reduced(runs[REDUCED](images), runs[FAST](images)))


def shares(
    seconds: Seconds, count: int, gflop: Mapping[str, float], limits: Products, network: str
) -> Iterator[Figure]:
    """Operations a second of each run, and their share of the fastest matrix product.

    Parameters
    ----------
    gflop : operations that a slice takes in each run, in billions.
    """
    for name, work in gflop.items():
        library, limit = best(limits[BF16 if name == REDUCED else FP32])
        speed = work * rate(seconds, name, count)
        share = f"{100 * speed / limit:.0f} % of the matrix product by {library}"
        note = f"{work:.3g} GFLOP a slice; {share}"
        yield Figure(f"{network}, {name}", speed, "GFLOP/s", note=note)


def limit_figures(limits: Products) -> Iterator[Figure]:
    for precision, by_library in limits.items():
        for library, speed in by_library.items():
            yield Figure(f"matrix product, {precision}, {library}", speed, "GFLOP/s")


def reduced(found: NDArray, exact: NDArray) -> Iterator[Figure]:
    """Agreement of the scores of bf16 with those of fp32."""
    moved, ranks = most_moved(found, exact), spearmanr(found.mean(1), exact.mean(1)).statistic
    spread = f"fp32 scores from {exact.mean(1).min():.2f} to {exact.mean(1).max():.2f}"
    yield Figure("published, bf16: scores moved", moved, "points of 4", None, CLOSE, spread)
    yield Figure("published, bf16: SROCC to fp32", float(ranks), "", RANKED, None, spread)


def measure_compact(found: Found, shipped: Model, images: Images, limits: Products) -> None:
    runs = {EAGER: by_torch(load_network(shipped.folder)), FAST: by_model(shipped)}
    compact: dict[str, Any] = {
        OPENVINO: {"runtime": "openvino"},
        REDUCED: {"precision": "bf16"},
    }
    for name, options in compact.items():
        with noted_if_absent(found, f"compact network by {name}"):
            runs[name] = by_model(load_model(**options))
    few = images[: 3 * BATCH]
    seconds = side_by_side(bound_to(runs, few), ROUNDS)
    work = dict.fromkeys(runs, gflop(NetworkConfig(**shipped.config.architecture)))
    found.figures.extend(shares(seconds, len(few), work, limits, "compact"))
    expected = runs[EAGER](few)
    for name in runs:
        found.figures.append(Figure(f"compact, {name}", rate(seconds, name, len(few)), "slices/s"))
        if name == EAGER:
            continue
        times = ratio(seconds, EAGER, name)
        found.figures.append(Figure(f"compact, {name} against eager", times, "times"))
        moved = most_moved(runs[name](few), expected)
        bound = CLOSE if name == REDUCED else SAME
        found.figures.append(same(f"compact, {name}: scores moved", moved, bound))


def measure_tuning(found: Found, shipped: Model, images: Images) -> None:
    """The choice is made on noise, as by ``distiliqa tune``, and checked on the slices."""
    shipped = shipped.for_many()  # the default where it is tuned
    if is_busy():
        found.left_out.append("tuned against default: other programs keep this machine busy")
        return
    chosen = fastest(try_out(shipped, installed_runtimes("fp32"))).execution
    tuned, few = shipped.run_by(chosen), images[: 3 * BATCH]
    runs = {"default": by_model(shipped), "tuned": by_model(tuned)}
    times = ratio(side_by_side(bound_to(runs, few), 2 * ROUNDS), "default", "tuned")
    name = "compact, tuned against default"
    found.figures.append(Figure(name, times, "times", 0.95, None, described(chosen)))
    moved = most_moved(runs["tuned"](few), runs["default"](few))
    bound = SAME if chosen.precision == "fp32" else CLOSE
    found.figures.append(same("compact, tuned: scores moved", moved, bound))


def measure_cuda(found: Found, models: Mapping[str, Model], images: Images) -> None:
    for name, model in models.items():
        with noted_if_absent(found, f"{name} network by CUDA"):
            gpu = by_model(load_model(model.folder, runtime="cuda", batch=4 * BATCH))
            few = np.resize(images, (4 * BATCH, *images.shape[1:]))
            runs = {"cpu": by_model(model), "cuda": gpu}
            seconds = side_by_side(bound_to(runs, few), ROUNDS)
            fast = rate(seconds, "cuda", len(few))
            found.figures.append(Figure(f"{name}, cuda", fast, "slices/s"))
            times = ratio(seconds, "cpu", "cuda")
            found.figures.append(Figure(f"{name}, cuda against the CPU", times, "times"))
            moved = most_moved(gpu(few), runs["cpu"](few))
            found.figures.append(same(f"{name}, cuda: scores moved", moved))


@contextmanager
def noted_if_absent(found: Found, what: str) -> Iterator[None]:
    """Put down what cannot run here, and why."""
    try:
        yield
    except DistiliqaError as error:
        found.left_out.append(f"{what}: {error.reason}")


def by_torch(network: torch.nn.Module) -> Run:
    def run(images: Images) -> NDArray:
        with torch.inference_mode():
            return network(torch.from_numpy(images)).numpy()

    return in_batches(run, BATCH)


def by_model(model: Model) -> Run:
    return in_batches(
        lambda images: model.run(images)[OUTPUT],
        model.execution.batch,
        model.execution.parallel_batches,
    )


def in_batches(run: Run, size: int, parallel_batches: int = 1) -> Run:
    def all_of(images: Images) -> NDArray:
        batches = (images[start : start + size] for start in range(0, len(images), size))
        return np.concatenate(list(in_parallel(run, batches, parallel_batches)))

    return all_of


def bound_to(runs: Mapping[str, Run], images: Images) -> dict[str, Callable[[], object]]:
    return {name: partial(run, images) for name, run in runs.items()}


def most_moved(one: NDArray, other: NDArray) -> float:
    """Largest difference of two sets of scores, which are the means of the outputs."""
    return float(np.abs(one.mean(axis=1) - other.mean(axis=1)).max())


def same(name: str, moved: float, bound: float = SAME) -> Figure:
    return Figure(name, moved, "points of 4", at_most=bound)


if __name__ == "__main__":
    main(measure, __doc__)

"""Slices a second through ONNX Runtime and through eager torch, side by side.

    python benchmarks/scoring.py [--preset compact|published] [--slices 24] [--rounds 5]

Both run the same network on the same windowed slices, in turn, and the ratio is taken round by
round, so that a machine whose speed drifts does not favour either.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from distiliqa.cli.example import EXAMPLE_SERIES
from distiliqa.ct import SOFT_TISSUE, read_ct
from distiliqa.model import PRESETS, Network, export_network
from distiliqa.model_folder import ModelConfig, ScoreScale
from distiliqa.scoring.model import load_model

BATCH = 4


def example_slices(count: int) -> np.ndarray:
    """Windowed slices of the example series, repeated to ``count``: (count, 1, 512, 512)."""
    windowed = np.stack([SOFT_TISSUE.apply(ct.hu) for ct in read_ct(EXAMPLE_SERIES)])
    return np.resize(windowed, (count, *windowed.shape[1:]))[:, None].astype(np.float32)


def rate(run: Callable[[np.ndarray], object], images: np.ndarray) -> float:
    """Slices a second of one pass in batches."""
    begin = time.perf_counter()
    for start in range(0, len(images), BATCH):
        run(images[start : start + BATCH])
    return len(images) / (time.perf_counter() - begin)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--preset", choices=PRESETS, default="compact")
    options.add_argument("--slices", type=int, default=24)
    options.add_argument("--rounds", type=int, default=5)
    args = options.parse_args()
    images = example_slices(args.slices)
    network = Network(PRESETS[args.preset].with_outputs(5)).eval()
    config = ModelConfig(args.preset, "bench", {}, 5, ScoreScale(0, 1, "none"))
    with tempfile.TemporaryDirectory() as folder:
        export_network(network, Path(folder), config, "", images[:1])
        session = load_model(folder).session

        def torch_run(batch: np.ndarray) -> object:
            with torch.inference_mode():
                return network(torch.from_numpy(batch))

        def onnx_run(batch: np.ndarray) -> object:
            return session.run(None, {"image": batch})

        rounds = [(rate(onnx_run, images), rate(torch_run, images)) for _ in range(args.rounds)]
    onnx, eager = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(a / b for a, b in rounds)
    print(f"{args.preset}, {os.cpu_count()} cores, batches of {BATCH}, median of {args.rounds}")
    print(f"ONNX Runtime  {onnx:7.1f} slices a second")
    print(f"eager torch   {eager:7.1f} slices a second")
    print(f"ratio         {ratio:7.2f}")


if __name__ == "__main__":
    main()

"""Scoring, training and simulation on one NVIDIA GPU, in less than eight minutes.

    DISTILIQA_BENCH_DATA=DICOM python benchmarks/gpu.py [--json FILE]

Scoring needs the extra ``cuda``. The published network has random weights, and a head fitted to the
scores of the shipped model.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

import scoring
import simulation
import training
from bench.figures import Found, main
from bench.phantom import phantom_of
from bench.slices import distinct_slices
from distiliqa.scoring.model import load_model

SLICES = 16


def measure() -> Found:
    found = Found(
        "One GPU", f"{torch.cuda.get_device_name()}; each part is described with its own."
    )
    images, shipped = distinct_slices(SLICES), load_model()
    with TemporaryDirectory() as folder:
        scoring.published(Path(folder), images, scoring.by_model(shipped)(images))
        models = {"published": load_model(folder), "compact": shipped}
        scoring.measure_cuda(found, models, images)
    with TemporaryDirectory() as folder:
        found.figures.extend(training.on_gpu(Path(folder)))
    found.figures.append(simulation.on_gpu(*phantom_of(simulation.SIZE)))
    return found


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit(f"error: torch {torch.__version__} finds no NVIDIA GPU here; run it where one is")
    main(measure, __doc__)

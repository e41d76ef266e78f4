"""Validation curves of the plain and of the fast training, three seeds each.

    python benchmarks/validation_curves.py [--json FILE]

Four slices of the example series under twelve levels of white noise are rated by their noise. The
same small network learns three of them and is validated on the fourth: in the plain loop (fp32,
DICOM decoded every epoch, eager torch) and by the package (cache of slices, bfloat16, channels
last, fused AdamW). The two are the same training if the mean curves differ no more than the curves
of one of them do from seed to seed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import torch
from torch.utils.data import DataLoader

from bench.figures import Curve, Figure, Found, main
from bench.published_loop import DicomSlices, train_epoch, validate
from distiliqa.examples import EXAMPLE_SERIES, FULL_DOSE
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.recipe import Recipe, load_recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.training_run import TrainingRun

SEEDS = (0, 1, 2)
EPOCHS = 6
NOISE_HU = np.linspace(5, 115, 12)
MOST = 4.0  # 95 % of six epochs of two times three curves that differ by chance lie below


def write_rated(folder: Path) -> None:
    """The noisy slices as DICOM, ``train.json`` and ``manifest.csv``."""
    rng = np.random.default_rng(0)
    ratings, rows = {}, [("path", "source")]
    for slice_path in sorted((EXAMPLE_SERIES / FULL_DOSE).iterdir()):
        dataset = pydicom.dcmread(slice_path)
        dataset.decompress()
        stored, slope = dataset.pixel_array, float(dataset.RescaleSlope)
        for noise in NOISE_HU:
            name = f"{slice_path.stem}_{noise:.0f}.dcm"
            noisy = stored + noise / slope * rng.standard_normal(stored.shape)
            limits = np.iinfo(stored.dtype)
            dataset.PixelData = (
                noisy.round().clip(limits.min, limits.max).astype(stored.dtype).tobytes()
            )
            dataset.save_as(folder / name)
            ratings[name] = float(1 - noise / 120)
            rows.append((name, slice_path.stem))
    (folder / "train.json").write_text(json.dumps(ratings), encoding="utf-8")
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def recipe(data: Path, seed: int) -> Recipe:
    """The toy network on these slices, in bfloat16."""
    changes = {
        "data.folder": str(data),
        "data.ratings": str(data / "train.json"),
        "folds.by": "source",
        "folds.count": 4,
        "teacher.epochs": EPOCHS,
        "hardware.precision": "bf16-mixed",
        "seed": seed,
    }
    return load_recipe("smoke", changes)


def fast_curve(run: TrainingRun) -> list[float]:
    """Validation losses of the package's first teacher."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        train_teachers(run, only=1)
    with (run.fold_folder(1) / "train_info_fold_1.csv").open(encoding="utf-8") as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def plain_curve(run: TrainingRun) -> list[float]:
    """Validation losses of the plain loop on the same images, with the recipe's settings."""
    step, fold = run.recipe.teacher, run.folds[0]
    torch.manual_seed(1000 + run.recipe.seed)
    network = Network(run.recipe.network.config(1))
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=step.learning_rate, weight_decay=step.weight_decay
    )
    loaders = []
    for positions, trained in ((fold.train, True), (fold.validation, False)):
        paths, labels = zip(
            *((run.images[i].path, run.images[i].score) for i in positions), strict=True
        )
        loaders.append(
            DataLoader(
                DicomSlices(paths, labels, augmented=trained),
                batch_size=step.batch_size,
                shuffle=trained,
            )
        )
    losses = []
    for epoch in range(EPOCHS):
        share = (1 + math.cos(math.pi * epoch / EPOCHS)) / 2
        span = step.learning_rate - step.final_learning_rate
        optimizer.param_groups[0]["lr"] = step.final_learning_rate + span * share
        train_epoch(network, optimizer, loaders[0])
        losses.append(validate(network, loaders[1]))
    return losses


def compared(plain: np.ndarray, fast: np.ndarray) -> float:
    """Largest difference of the mean curves of (seeds, epochs), in spreads of the seeds."""
    spread = np.sqrt((plain.var(axis=0, ddof=1) + fast.var(axis=0, ddof=1)) / 2)
    return float((np.abs(plain.mean(axis=0) - fast.mean(axis=0)) / spread).max())


def table(curves: np.ndarray, name: str) -> dict[str, list[tuple[float, float]]]:
    """Mean and spread of (seeds, epochs) in each epoch."""
    columns = {f"{name}, mean": curves.mean(axis=0), f"{name}, spread": curves.std(axis=0, ddof=1)}
    return {
        column: [(float(epoch), float(value)) for epoch, value in enumerate(values, start=1)]
        for column, values in columns.items()
    }


def measure() -> Found:
    plain, fast = [], []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        write_rated(data)
        for seed in SEEDS:
            with contextlib.redirect_stderr(io.StringIO()):
                run = start_run(Path(folder) / f"run{seed}", recipe(data, seed), resume=False)
            fast.append(fast_curve(run))
            plain.append(plain_curve(run))
    curves = {"plain": np.array(plain), "fast": np.array(fast)}
    apart = compared(curves["plain"], curves["fast"])
    points = table(curves["plain"], "plain") | table(curves["fast"], "fast")
    return Found(
        "Validation curves",
        (__doc__ or "").split("\n\n", 2)[2],
        [Figure("plain and fast curve apart", apart, "spreads", at_most=MOST, note="three seeds")],
        [Curve("Validation loss", "epoch", "loss", points)],
    )


if __name__ == "__main__":
    main(measure, __doc__)

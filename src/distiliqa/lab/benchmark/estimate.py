"""Time that a benchmark takes on this machine, from a few steps of each network."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch

from distiliqa.lab.benchmark.backbones import Architecture, Rater, architecture
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, MethodSection
from distiliqa.lab.benchmark.benchmark_run import BenchmarkRun
from distiliqa.lab.train.freed_memory import freed_memory_kept

_STEPS = 3
_OF_FORWARD = 1 / 3  # of a training step: Kaplan et al. 2020, arXiv 2001.08361, section 2.1


def estimated(run: BenchmarkRun, methods: Sequence[MethodSection]) -> Iterator[str]:
    """Lines with the images that each network learns from, and the time of that.

    Trainings that several methods share are counted once. Measures of images are not counted.
    """
    trainings = _trainings(run.recipe, methods)
    fold = run.rated.folds(run.recipe.folds.by)[0]
    inner = run.rated.inner(fold, run.recipe.folds.by)[0]
    total = 0.0
    for (network, _), epochs in trainings.items():
        images = epochs * (len(inner.train) + _OF_FORWARD * len(inner.validation))
        seconds = images * _seconds_an_image(network, run.recipe)
        total += seconds
        yield f"{network.slug}: {epochs} epochs, {images:.0f} images, {seconds / 3600:.2f} h"
    yield f"{total / 3600:.1f} hours of training, if nothing else runs"


def _trainings(
    recipe: BenchmarkRecipe, methods: Sequence[MethodSection]
) -> dict[tuple[Architecture, str], float]:
    """Epochs over all folds and seeds, by network and way of splitting."""
    teachers: dict[tuple[Architecture, str], int] = {}
    students: dict[tuple[Architecture, str], float] = {}
    for method in methods:
        if method.network is None:
            continue
        key = (architecture(method, recipe.data.image_size), method.folds or recipe.folds.by)
        if method.use == "student":
            students[key] = students.get(key, 0.0) + 1
        several = method.use == "ensemble" or (method.use == "student" and method.distill_weight)
        count = recipe.folds.inner if several else int(method.use == "teacher")
        teachers[key] = max(teachers.get(key, 0), count)
    rates = len(recipe.tuning.learning_rates)
    tuning = rates * recipe.tuning.epochs if rates > 1 else 0
    epochs, seeds = recipe.training.epochs, len(recipe.seeds)
    # The table of a student's teachers shows each image under up to eight symmetries.
    table = min(epochs, 8) * recipe.folds.inner * _OF_FORWARD
    return {
        key: recipe.folds.count
        * (
            tuning
            + seeds * (epochs * (count + students.get(key, 0)) + (table if key in students else 0))
        )
        for key, count in teachers.items()
    }


def _seconds_an_image(network: Architecture, recipe: BenchmarkRecipe) -> float:
    """Time of a training step on an image; the quickest of three steps.

    On a CPU it is that of all cores together, so that other programs do not count.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rater = Rater(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(rater.parameters())
    size, batch = network.image_size, recipe.training.batch_size
    images = torch.rand(batch, 1, size, size, device=device)
    mixed = torch.autocast(
        device.type, torch.bfloat16, enabled=recipe.hardware.precision == "bf16-mixed"
    )
    on_cpu = device.type == "cpu"
    clock = time.process_time if on_cpu else time.perf_counter
    threads = torch.get_num_threads() if on_cpu else 1
    taken = []
    with freed_memory_kept():
        for _ in range(_STEPS):
            start = clock()
            with mixed:
                loss = rater(images).float().square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()  # waits for a GPU
            taken.append(clock() - start)
    return min(taken) / batch / threads

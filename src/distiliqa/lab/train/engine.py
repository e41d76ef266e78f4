"""Training on Lightning's Trainer, set up once for every network.

Parts of the network can be compiled, which makes a step faster on some CPUs: fewer passes over
memory, the same sums.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import warnings
from dataclasses import dataclass
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from distiliqa.errors import DistiliqaError, RecipeError
from distiliqa.files import make_folder
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.callbacks import (
    BestWeights,
    History,
    LastCheckpoint,
    Residence,
)
from distiliqa.lab.train.distributed import OneBatchNorm
from distiliqa.lab.train.epoch_curves import plot_curves
from distiliqa.lab.train.freed_memory import freed_memory_kept
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.lab.train.training_module import RatingModule
from distiliqa.terminal import shows_bars

LAST = "last.ckpt"


@dataclass(frozen=True)
class Fitted:
    """Result of a training: the best epoch (0-based), its merit, and the number of epochs."""

    epoch: int
    best: float
    epochs: int


def fit(
    module: RatingModule,
    batches: Batches,
    *,
    cache: SliceCache,
    recipe: Recipe,
    folder: Path,
    history: History,
    best: BestWeights,
    resume: bool,
) -> Fitted:
    """Train ``module``; its best weights, table, curves and last checkpoint go to ``folder``.

    With ``resume`` it goes on from the last checkpoint, if there is one. The weights are then those
    of an uninterrupted run (on one CPU, bit for bit).

    Raises
    ------
    KeyboardInterrupt : the user stopped it; the last complete epoch is in the checkpoint.
    DistiliqaError : the checkpoint to go on from is damaged.
    """
    make_folder(folder)
    last = _checkpoint(folder / LAST) if resume else None
    callbacks: list[Callback] = [history, best, LastCheckpoint(folder / LAST)]
    if recipe.hardware.resident:
        callbacks.append(Residence(cache, batches.datasets))
    if recipe.hardware.compile:
        compile_network(module.network)
    trainer = make_trainer(recipe, module.step, folder, callbacks)
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with freed_memory_kept():
            trainer.fit(
                module,
                datamodule=batches,
                ckpt_path=None if last is None else str(last),
                weights_only=True,
            )
    except SystemExit as stopped:
        # Lightning turns Ctrl-C into an exit and ignores the next ones.
        signal.signal(signal.SIGINT, interrupt)
        raise KeyboardInterrupt from stopped
    if trainer.is_global_zero:
        plot_curves(history.rows, folder / "curves.png", history.title)
    return Fitted(best.epoch, best.best, len(history.rows))


def _checkpoint(path: Path) -> Path | None:
    """Return a checkpoint that can be read; None where there is none."""
    if not path.is_file():
        return None
    try:
        torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch passes on whatever a damaged file makes Python raise
        raise DistiliqaError(
            f"a damaged checkpoint ({str(error)[:200]})",
            path=path,
            remedy="delete it to begin this training anew",
        ) from error
    return path


def make_trainer(
    recipe: Recipe, step: StepSection, folder: Path, callbacks: list[Callback]
) -> L.Trainer:
    """Trainer for a step of a recipe, on the hardware of the recipe; logs go to ``folder``.

    Raises
    ------
    RecipeError : there is no such hardware.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    # Small data sets have few batches and need few workers; Lightning warns of both.
    warnings.filterwarnings("ignore", module="lightning")
    hardware = recipe.hardware
    logger = TensorBoardLogger(folder, name="", version="") if recipe.tensorboard else False
    bars = [RichProgressBar(leave=False, console_kwargs={"stderr": True})] if shows_bars() else []
    try:
        return L.Trainer(
            accelerator=hardware.accelerator,
            devices=hardware.devices,
            num_nodes=hardware.nodes,
            strategy=hardware.strategy,
            precision=hardware.precision,
            plugins=[OneBatchNorm()],
            benchmark=True,
            max_epochs=step.epochs,
            accumulate_grad_batches=step.accumulate,
            logger=logger,
            callbacks=[*bars, *callbacks],
            enable_progress_bar=bool(bars),
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            log_every_n_steps=1,
        )
    except (MisconfigurationException, ImportError, RuntimeError, TypeError, ValueError) as error:
        raise RecipeError(
            f"hardware: {error}", remedy="set accelerator, devices and strategy to what is there"
        ) from error


def check_hardware(recipe: Recipe) -> None:
    """Raise the `RecipeError` of `make_trainer` before the work that comes ahead of training."""
    make_trainer(recipe, recipe.teacher, Path(), [])


def compile_network(network: Network) -> None:
    """Compile stem and transformer layers in place, when they first run; weights keep their names.

    They are compiled separately, because whole images and crops both pass through them.

    Raises
    ------
    RecipeError : there is no compiler.
    """
    compilers = (os.environ.get("CXX", "c++"), "g++", "clang++", "cl")
    if not any(map(shutil.which, compilers)):
        raise RecipeError(
            "hardware.compile needs a C++ compiler", remedy="install one, or set it to false"
        )
    network.stem.compile()
    network.vit.encoder.layers.compile()

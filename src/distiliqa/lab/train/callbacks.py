"""Callbacks of a training: table, best weights, last checkpoint, slices on the GPU."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, Checkpoint

from distiliqa.files import atomic_path, write_csv
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.network.weights import save_network
from distiliqa.lab.train.loaders import ResidentSlices, has_room
from distiliqa.lab.train.training_module import RatingModule
from distiliqa.terminal import screen


class History(Callback):
    """Table of epochs, one CSV row and one console line each; kept in the checkpoint.

    Parameters
    ----------
    path : the CSV file. columns : the first columns, as published; other figures follow.
    title : what the console calls the run.
    """

    def __init__(self, path: Path, columns: tuple[str, ...], title: str) -> None:
        self.path, self.columns, self.title = path, columns, title
        self.rows: list[dict[str, float]] = []
        self.started = 0.0

    def on_train_epoch_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        self.started = time.perf_counter()

    def on_train_epoch_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, RatingModule)
        epoch = trainer.current_epoch
        module.check_last()
        module.summarize_training()
        row = {"Epoch": epoch} | module.summary
        row["learning_rate"] = module.learning_rate(epoch)
        row["seconds"] = round(time.perf_counter() - self.started, 2)
        self.rows.append({name: row[name] for name in (*self.columns, *row)})
        if trainer.logger:
            trainer.logger.log_metrics(self.rows[-1], step=epoch)
        if trainer.is_global_zero:
            self.write()
            figures = "  ".join(f"{n} {row[n]:.4f}" for n in self.columns[1:])
            line = f"{self.title}  epoch {epoch + 1}/{trainer.max_epochs}  {figures}"
            screen(err=True).print(line, soft_wrap=True)

    def write(self) -> None:
        """Write the whole table; a killed process leaves this one or the one before."""
        write_csv(self.path, list(self.rows[0]), [row.values() for row in self.rows])

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.rows = state["rows"]


class BestWeights(Callback):
    """Write the weights whenever the merit is the highest so far; runs after `History`.

    Parameters
    ----------
    path : the safetensors file.
    patience : stop after so many epochs without a new best; None never stops.
    """

    def __init__(self, path: Path, patience: int | None) -> None:
        self.path, self.patience = path, patience
        self.best, self.epoch = float("-inf"), -1

    def on_train_epoch_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, RatingModule)
        if module.merit > self.best:
            self.best, self.epoch = module.merit, trainer.current_epoch
            if trainer.is_global_zero:
                save_network(module.kept, self.path)
        self._stop_without_a_better(trainer, trainer.current_epoch)

    def on_train_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        self._stop_without_a_better(trainer, trainer.current_epoch - 1)  # of a resumed training

    def _stop_without_a_better(self, trainer: L.Trainer, epoch: int) -> None:
        if self.patience is not None and epoch - self.epoch >= self.patience:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "epoch": self.epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.best, self.epoch = state["best"], state["epoch"]


class LastCheckpoint(Checkpoint):
    """Write everything that resuming needs after every epoch; Lightning runs it last."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self.path)  # writes nothing, but the processes wait in it
            return
        # Lightning copies from the temporary folder of the system: cut short, that damages a file.
        with atomic_path(self.path) as partial:
            trainer.save_checkpoint(partial)


class Residence(Callback):
    """Move the slices to the GPU before training, if they take at most half of its free memory."""

    def __init__(self, cache: SliceCache, datasets: Sequence[RatedDataset]) -> None:
        self.cache, self.datasets = cache, datasets

    def on_fit_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, RatingModule)
        if has_room(module.device, self.cache.images.nbytes):
            module.slices = ResidentSlices(self.cache, module.device)
            for dataset in self.datasets:
                dataset.pixels = False

    def on_fit_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, RatingModule)
        module.slices = None

"""Training of a network that rates slices: what teacher and student share.

Optimizer, learning rate, crops, penalty under symmetry, validation, and the merit by which the
best epoch is selected.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.label_maps import BLOCK
from distiliqa.lab.network.network import Heads, Network
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.loaders import ResidentSlices
from distiliqa.lab.train.losses import (
    ScoreLoss,
    map_errors,
    mean_where,
    processed_errors,
    under_symmetry,
)
from distiliqa.lab.train.recipe import StepSection
from distiliqa.lab.train.targets import Batch, Targets, targets_of
from distiliqa.statistics.agreement import Agreement, agreement, plcc


class Predicted(NamedTuple):
    """Result of a training batch.

    Attributes
    ----------
    outputs : (N, outputs).
    penalty : (), losses of the other heads, and the penalty on changes under symmetry.
    targets : labels of what was shown.
    """

    outputs: Tensor
    penalty: Tensor
    targets: Targets


class Outcomes:
    """Predictions, labels and losses of the images seen in an epoch, by image."""

    def __init__(self) -> None:
        self.rows: list[Tensor] = []

    def add(self, index: Tensor, *values: Tensor) -> None:
        """Keep (N,) values of the images at (N,) positions."""
        columns = [index.float(), *(value.detach().float() for value in values)]
        self.rows.append(torch.stack(columns, dim=1))

    def gathered(self, module: L.LightningModule) -> Tensor:
        """All processes' rows, (images, 1 + values), each image once, ordered by position."""
        rows = torch.cat(self.rows)
        if module.trainer.world_size > 1:
            rows = torch.as_tensor(module.all_gather(rows)).flatten(0, 1)
        rows = rows.cpu().double()
        # A distributed sampler repeats images to give every process as many.
        _, first = np.unique(rows[:, 0].numpy(), return_index=True)
        return rows[first]


def _moving_average(network: Network, decay: float) -> AveragedModel:
    """Exponential moving average of weights (Polyak & Juditsky 1992, doi 10.1137/0330046)."""
    # Without a gradient: processes of a distributed run wait for those that are expected.
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)


@contextmanager
def _statistics_kept(network: Network) -> Iterator[None]:
    """Keep the running statistics of batch normalization as they are.

    Crops hold less air than whole images, and the network is validated on whole images.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.track_running_stats = False
    yield
    for norm in norms:
        norm.track_running_stats = True


def merit_of(
    found: Agreement,
    *,
    rising: bool,
    select_on: str | None,
    span: float,
    ordered: float = math.nan,
) -> float:
    """Figure of merit of an epoch; the epoch with the highest is kept.

    The overall agreement is at most 3. It counts as negative where predictions fall as labels rise:
    the published absolute value would reward that. The error is a share of the scale: an error of
    a tenth of it weighs as much as 0.1 of mean correlation, or of the pairs of versions in order::

        error                  -mae / span
        error_and_correlation  (plcc + srocc + krocc) / 3 - mae / span
        error_and_ladders      ordered - mae / span
        held_out               plcc + srocc + krocc

    Parameters
    ----------
    found : of predictions with labels of held-out images.
    rising : whether the predictions rise with the labels.
    select_on : see `distiliqa.lab.train.recipe.StepSection`.
    span : length of the scale of the labels.
    ordered : share of the pairs of versions in order, see `distiliqa.lab.train.ladders`.
    """
    correlation = found.overall if rising else -found.overall
    error = found.mae / span
    if select_on == "error":
        return -error
    if select_on == "error_and_ladders":
        return ordered - error
    return correlation / 3 - error if select_on == "error_and_correlation" else correlation


class RatingModule(L.LightningModule, ABC):
    """Training of a network that rates slices. Subclasses define the loss of a batch.

    After an epoch ``summary`` holds its figures by column name, and ``merit`` its figure of merit,
    see `merit_of`.

    Parameters
    ----------
    span : length of the scale of the labels.
    ladders : of the images held out; needed to select on them.

    Attributes
    ----------
    slices : the images of batches that hold none, see `distiliqa.lab.train.loaders`.
    """

    def __init__(
        self,
        network: Network,
        step: StepSection,
        seed: int,
        *,
        span: float = 1.0,
        ladders: Ladders | None = None,
    ) -> None:
        super().__init__()
        self.seed, self.span, self.ladders = seed, span, ladders
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.step = step
        self.averaged = _moving_average(self.network, step.averaging) if step.averaging else None
        self.loss = ScoreLoss(step.l1_weight, step.mse_weight)
        self.seen, self.validated = Outcomes(), Outcomes()
        self.summary: dict[str, float] = {}
        self.merit = 0.0
        self.slices: ResidentSlices | None = None
        self.unchecked: Tensor | None = None
        self.head_columns: tuple[str, ...] = ()

    def configure_optimizers(self) -> Optimizer:
        rate, decay = self.step.learning_rate, self.step.weight_decay
        fused = self.device.type in ("cpu", "cuda")
        parameters = self.network.parameters()
        if self.step.optimizer == "adamw":
            return AdamW(parameters, lr=rate, weight_decay=decay, fused=fused)
        momentum = self.step.momentum
        return SGD(parameters, lr=rate, momentum=momentum, weight_decay=decay, fused=fused)

    def learning_rate(self, epoch: int) -> float:
        """Half a cosine from the first learning rate to the last (Loshchilov & Hutter 2017)."""
        first, last = self.step.learning_rate, self.step.final_learning_rate
        return last + (first - last) * (1 + math.cos(math.pi * epoch / self.step.epochs)) / 2

    def on_train_epoch_start(self) -> None:
        # A function of the epoch alone: a resumed training has the same.
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate(self.current_epoch)
        self.seen, self.validated = Outcomes(), Outcomes()

    @property
    def kept(self) -> Network:
        """The network that is validated and saved: the trained one, or its moving average."""
        if self.averaged is None:
            return self.network
        assert isinstance(self.averaged.module, Network)
        return self.averaged.module

    def on_before_batch_transfer(self, batch: dict[str, Tensor], _: int) -> dict[str, Tensor]:
        scale, discs = batch.pop("scale"), batch.pop("disc", None)
        if self.slices is not None:
            transform = batch["transform"]
            batch["image"] = self.slices.shown(batch["index"], transform, scale, discs)
        return batch

    def predict_batch(self, batch: Batch, number: int) -> Predicted:
        """Outputs for training batch ``number`` of the epoch, whole or cropped.

        With ``consistency`` in the recipe, whole images are also shown under a symmetry, and the
        change of the outputs gets a penalty. The draws depend on the seed, the epoch and the
        number alone, so that a resumed run draws the same.
        """
        rng = np.random.default_rng((self.seed, self.current_epoch, number))
        images, targets = batch["image"], targets_of(batch)
        if rng.random() < self.step.crops:
            return self._of_crop(images, targets, rng)
        if not self.step.consistency:
            heads = self.network.heads(self.network.features(images))
            return Predicted(heads.scores.float(), self._of_heads(heads, targets), targets)
        both = torch.cat([images, under_symmetry(images, rng)])
        heads = self.network.heads(self.network.features(both))
        before, after = heads.scores.float().chunk(2)
        penalty = self.step.consistency * (before - after).square().mean()
        first = Heads(before, *(None if one is None else one.chunk(2)[0] for one in heads[1:]))
        penalty = penalty + self._of_heads(first, targets)
        return Predicted((before + after) / 2, penalty, targets)

    def _of_crop(self, images: Tensor, targets: Targets, rng: np.random.Generator) -> Predicted:
        side = images.shape[-1] // 2
        row, column = (int(at) for at in rng.integers(side + 1, size=2))
        if targets.quality is not None:
            row, column = row // BLOCK * BLOCK, column // BLOCK * BLOCK
            targets = targets.of_crop(row, column, side)
        crop = images[..., row : row + side, column : column + side]
        with _statistics_kept(self.network):
            heads = self.network.heads_of_crop(crop, (row, column))
        return Predicted(heads.scores.float(), self._of_heads(heads, targets), targets)

    def _of_heads(self, heads: Heads, targets: Targets) -> Tensor:
        """Weighted losses of the heads for map and processing, ()."""
        loss = heads.scores.new_zeros((), dtype=torch.float32)
        if heads.map is not None and targets.quality is not None and targets.weight is not None:
            errors = map_errors(heads.map.float(), targets.quality, targets.weight)
            known = targets.weight.flatten(1).any(dim=1)
            loss = loss + self.step.map_weight * mean_where(errors, known)
        if heads.processed is not None and targets.processed is not None:
            errors = processed_errors(heads.processed.float(), targets.processed)
            known = targets.processed.isfinite()
            loss = loss + self.step.processed_weight * mean_where(errors, known)
        return loss

    def on_train_batch_end(self, *_: object) -> None:
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)

    def on_validation_start(self) -> None:
        self.check_last()  # a network of NaN has no figures

    def validation_step(self, batch: Batch, _: int) -> None:
        heads = self.kept.heads(self.kept.features(batch["image"]))
        predictions = heads.scores.float().mean(dim=1)
        losses = self.loss(predictions[:, None], batch["score"][:, None])
        others = self._validated_heads(heads, targets_of(batch)).values()
        self.validated.add(batch["index"], predictions, batch["score"], losses, *others)

    def _validated_heads(self, heads: Heads, targets: Targets) -> dict[str, Tensor]:
        """Errors of the other heads by the name of their column, (N,); NaN where unknown."""
        errors = {}
        if heads.map is not None and targets.quality is not None and targets.weight is not None:
            found = map_errors(heads.map.float(), targets.quality, targets.weight)
            errors["val_map_mae"] = found.where(targets.weight.flatten(1).any(dim=1), torch.nan)
        if heads.processed is not None and targets.processed is not None:
            found = processed_errors(heads.processed.float(), targets.processed)
            errors["val_processed_loss"] = found.where(targets.processed.isfinite(), torch.nan)
        self.head_columns = tuple(errors)
        return errors

    def on_validation_epoch_end(self) -> None:
        index, predictions, labels, losses, *others = self.validated.gathered(self).T
        found = agreement(predictions.numpy(), labels.numpy())
        rising = (plcc(predictions.numpy(), labels.numpy()) or 0) >= 0
        ordered = math.nan
        if self.ladders is not None:
            ordered = self.ladders.ordered(index.long().numpy(), predictions.numpy())
            self.summary["val_ordered"] = ordered
        self.merit = merit_of(
            found,
            rising=rising,
            select_on=self.step.select_on,
            span=self.span,
            ordered=ordered,
        )
        self.summary["val_overall_perf"] = found.overall
        self.summary["val_loss"] = float(losses.mean())
        for name in ("plcc", "srocc", "krocc", "mae"):
            self.summary[f"val_{name}"] = getattr(found, name)
        for column, errors in zip(self.head_columns, others, strict=True):
            self.summary[column] = float(errors.nanmean())

    @abstractmethod
    def summarize_training(self) -> None:
        """Put the figures of the epoch's training images into ``summary``."""

    def agreement_seen(self) -> tuple[Agreement, Tensor]:
        """Agreement over the epoch's training images, and their rows."""
        rows = self.seen.gathered(self)
        return agreement(rows[:, 1].numpy(), rows[:, 2].numpy()), rows

    def checked(self, loss: Tensor) -> Tensor:
        """Return the loss after a check that the previous one is finite. Raises `DistiliqaError`.

        The check is one batch behind: reading a number waits for the GPU.
        """
        self.check_last()
        self.unchecked = loss.detach()
        return loss

    def check_last(self) -> None:
        """Raise `DistiliqaError` if the last loss is not finite."""
        loss, self.unchecked = self.unchecked, None
        if loss is not None and not torch.isfinite(loss):
            raise DistiliqaError(
                f"the loss is {loss.item()} in epoch {self.current_epoch}",
                remedy="lower learning_rate, or use precision 32-true, and run again",
            )

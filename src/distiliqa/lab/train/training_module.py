"""Training of a network that rates slices: what teacher and student share.

Optimizer, learning rate, crops, penalty under symmetry, validation, and the merit by which the
best epoch is selected.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import lightning as L
import numpy as np
import torch
from torch import Tensor
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from distiliqa.errors import DivergedError
from distiliqa.lab.data.dataset import shifted
from distiliqa.lab.data.label_maps import BLOCK
from distiliqa.lab.network.network import Heads, Network
from distiliqa.lab.train.batch_labels import Batch, BatchLabels, labels_of
from distiliqa.lab.train.batch_statistics import keep_frozen_statistics, statistics_kept
from distiliqa.lab.train.head_losses import errors_of_heads, loss_of_heads
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.layer_rates import SHARE, parameter_groups
from distiliqa.lab.train.loaders import ResidentSlices
from distiliqa.lab.train.losses import ScoreLoss, under_symmetry
from distiliqa.lab.train.merit import merit_of
from distiliqa.lab.train.outcomes import Outcomes
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.statistics.agreement import Agreement, agreement, plcc


class Predicted(NamedTuple):
    """Result of a training batch.

    Attributes
    ----------
    outputs : (N, outputs).
    penalty : (), losses of the other heads, and the penalty on changes under symmetry.
    labels : labels of what was shown.
    """

    outputs: Tensor
    penalty: Tensor
    labels: BatchLabels


def _moving_average(network: Network, decay: float) -> AveragedModel:
    """Exponential moving average of weights (Polyak & Juditsky 1992, doi 10.1137/0330046)."""
    # Without a gradient: processes of a distributed run wait for those that are expected.
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)


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
        # Layers are frozen here: processes agree on what learns before there is an optimizer.
        self.groups = parameter_groups(self.network, step.layers, step.layer_decay)
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
        if self.step.optimizer == "adamw":
            return AdamW(self.groups, lr=rate, weight_decay=decay, fused=fused)
        momentum = self.step.momentum
        return SGD(self.groups, lr=rate, momentum=momentum, weight_decay=decay, fused=fused)

    def learning_rate(self, epoch: int) -> float:
        """Half a cosine from the first learning rate to the last (Loshchilov & Hutter 2017)."""
        first, last = self.step.learning_rate, self.step.final_learning_rate
        return last + (first - last) * (1 + math.cos(math.pi * epoch / self.step.epochs)) / 2

    def on_train_epoch_start(self) -> None:
        # A function of the epoch alone: a resumed training has the same.
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate(self.current_epoch) * group[SHARE]
        keep_frozen_statistics(self.network, self.step.layers)
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
        images, labels = batch["image"], labels_of(batch)
        if rng.random() < self.step.crops:
            return self._of_crop(images, labels, rng)
        if self.step.shifts:
            down, right = (
                int(by) for by in rng.integers(-self.step.shifts, self.step.shifts + 1, 2)
            )
            images = shifted(images, down, right)
            labels = labels.of_shifted(down, right)
        if not self.step.consistency:
            heads = self.network.heads(self.network.features(images))
            loss = loss_of_heads(heads, labels, self.step)
            return Predicted(heads.scores.float(), loss, labels)
        both = torch.cat([images, under_symmetry(images, rng)])
        heads = self.network.heads(self.network.features(both))
        before, after = heads.scores.float().chunk(2)
        penalty = self.step.consistency * (before - after).square().mean()
        first = Heads(before, *(None if one is None else one.chunk(2)[0] for one in heads[1:]))
        penalty = penalty + loss_of_heads(first, labels, self.step)
        return Predicted((before + after) / 2, penalty, labels)

    def _of_crop(self, images: Tensor, labels: BatchLabels, rng: np.random.Generator) -> Predicted:
        side = images.shape[-1] // 2
        row, column = (int(at) for at in rng.integers(side + 1, size=2))
        if labels.quality is not None:
            row, column = row // BLOCK * BLOCK, column // BLOCK * BLOCK
            labels = labels.of_crop(row, column, side)
        crop = images[..., row : row + side, column : column + side]
        with statistics_kept(self.network):
            heads = self.network.heads_of_crop(crop, (row, column))
        loss = loss_of_heads(heads, labels, self.step)
        return Predicted(heads.scores.float(), loss, labels)

    def score_of(self, outputs: Tensor) -> Tensor:
        """The scores (N,) of outputs (N, k)."""
        return outputs.mean(dim=1)

    def optimizer_step(self, *given: Any, **more: Any) -> None:
        super().optimizer_step(*given, **more)
        if self.averaged is not None:
            self.averaged.update_parameters(self.network)

    def on_validation_start(self) -> None:
        self.check_last()  # a network of NaN has no figures

    def validation_step(self, batch: Batch, _: int) -> None:
        heads = self.kept.heads(self.kept.features(batch["image"]))
        predictions = self.score_of(heads.scores.float())
        losses = self.loss(predictions[:, None], batch["score"][:, None])
        errors = errors_of_heads(heads, labels_of(batch))
        self.head_columns = tuple(errors)
        self.validated.add(batch["index"], predictions, batch["score"], losses, *errors.values())

    def on_validation_epoch_end(self) -> None:
        index, predictions, labels, losses, *others = self.validated.gathered(self).T
        self._require_finite(predictions, "a held-out prediction")
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
        """Return the loss after a check that the previous one is finite. Raises `DivergedError`.

        The check is one batch behind: reading a number waits for the GPU.
        """
        self.check_last()
        self.unchecked = loss.detach()
        return loss

    def check_last(self) -> None:
        """Raise `DivergedError` if the last loss is not finite."""
        loss, self.unchecked = self.unchecked, None
        if loss is not None:
            self._require_finite(loss, "the loss")

    def _require_finite(self, values: Tensor, what: str) -> None:
        if torch.isfinite(values).all():
            return
        wrong = values[~torch.isfinite(values)].flatten()[0].item()
        raise DivergedError(
            f"{what} is {wrong} in epoch {self.current_epoch}",
            remedy="lower learning_rate, or use precision 32-true, and run again",
        )

"""Training of more than the head, from a trained network, towards readers' ratings."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from distiliqa.lab.fine_tune.reader_labels import ReaderLabels
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.batch_labels import Batch
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.lab.train.training_module import RatingModule

COLUMNS = ("Epoch", "overall_perf", "train_loss")


class TuningModule(RatingModule):
    """Learns one head a rating; errors count as shares of the scale of the head.

    The last epoch is kept: an epoch that was chosen on the patients held out would look better on
    them than on others.
    """

    def __init__(
        self, network: Network, step: StepSection, seed: int, labels: ReaderLabels
    ) -> None:
        super().__init__(network, step, seed, span=labels.scale.high - labels.scale.low)
        self.of_readers = labels
        values = torch.from_numpy(labels.values.astype(np.float32))
        self.register_buffer("values", values, persistent=False)
        spans = torch.from_numpy(labels.spans.astype(np.float32))
        self.register_buffer("spans", spans, persistent=False)

    def training_step(self, batch: Batch, number: int) -> Tensor:
        outputs, penalty, labels = self.predict_batch(batch, number)
        losses = self._losses(outputs, batch["index"])
        self.seen.add(batch["index"], self.score_of(outputs), labels.score, losses)
        return self.checked(losses.mean() + penalty)

    def _losses(self, outputs: Tensor, index: Tensor) -> Tensor:
        """Loss of each image, (N,), over the heads that have a label."""
        values, spans = self.values, self.spans
        assert isinstance(values, Tensor)
        assert isinstance(spans, Tensor)
        known = values[index].isfinite()
        share = (outputs - values[index].nan_to_num()) / spans * known
        terms = self.step.l1_weight * share.abs() + self.step.mse_weight * share.square()
        return terms.sum(dim=1) / known.sum(dim=1).clamp_min(1)

    def score_of(self, outputs: Tensor) -> Tensor:
        values = outputs.detach().double().cpu().numpy()
        return torch.from_numpy(self.of_readers.score(values)).to(outputs)

    def summarize_training(self) -> None:
        found, rows = self.agreement_seen()
        self.summary["overall_perf"] = found.overall
        self.summary["train_loss"] = float(rows[:, 3].mean())
        self.merit = float(self.current_epoch)

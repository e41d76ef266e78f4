"""The score as a metric of torchmetrics."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from distiliqa.torch.quality_score import QualityScore


class QualityMetric(Metric):
    """Mean score of all slices since the last reset, over all processes.

    Parameters
    ----------
    score : QualityScore, optional
        The score; that of the shipped model if None.
    options : object
        Those of `torchmetrics.Metric`, such as ``sync_on_compute``.
    """

    is_differentiable = True
    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, score: QualityScore | None = None, **options: object) -> None:
        super().__init__(**options)
        self.score = QualityScore() if score is None else score
        self.add_state("total", torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    @property
    def higher_is_better(self) -> bool:  # type: ignore[override]
        """Direction of the score."""
        return self.score.higher_is_better

    def update(self, hu: Tensor) -> None:
        """Add slices, (B, 1, H, W), HU; raises as `QualityScore`."""
        scores = self.score(hu)
        self.total = self.total + scores.sum()
        self.count = self.count + len(scores)

    def compute(self) -> Tensor:
        """Mean score, (); NaN where no slice was added."""
        return (self.total / self.count).float()

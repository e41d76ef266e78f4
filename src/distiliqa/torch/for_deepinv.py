"""The score as a metric of deepinv."""

from __future__ import annotations

from typing import Any

from deepinv.loss.metric import Metric
from torch import Tensor

from distiliqa.torch.quality_score import QualityScore


class QualityMetric(Metric):
    """Score of reconstructions, (B,).

    Images are in HU; a physics of deepinv that works in attenuation has to be rescaled first. With
    ``train_loss=True`` it is the score times -1, which ascent can deceive: train with
    `distiliqa.torch.QualityLoss`.

    Parameters
    ----------
    score : QualityScore, optional
        The score; that of the shipped model if None.
    options : object
        Those of `deepinv.loss.metric.Metric`, such as ``reduction``.
    """

    def __init__(self, score: QualityScore | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.score = QualityScore() if score is None else score
        self.lower_better = not self.score.higher_is_better

    def metric(self, x_net: Tensor, x: Tensor | None = None, *args: Any, **kwargs: Any) -> Tensor:
        """Score of ``x_net``, (B, 1, H, W), HU; ``x`` is not looked at."""
        return self.score(x_net)

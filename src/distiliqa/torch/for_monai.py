"""The score as a metric of MONAI."""

from __future__ import annotations

from typing import Any

from monai.metrics.metric import CumulativeIterationMetric
from monai.metrics.utils import do_metric_reduction
from torch import Tensor

from distiliqa.torch.quality_score import QualityScore


class QualityMetric(CumulativeIterationMetric):
    """Score of each slice of a batch; `aggregate` reduces those of all batches.

    Call it with images in HU, (B, 1, H, W), or a list of (1, H, W); what stands for ``y`` is not
    looked at.

    Parameters
    ----------
    score : QualityScore, optional
        The score; that of the shipped model if None.
    reduction : str
        Of `aggregate`, by the names of MONAI, such as ``mean`` or ``none``.
    """

    def __init__(self, score: QualityScore | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.score = QualityScore() if score is None else score
        self.reduction = reduction

    def _compute_tensor(self, y_pred: Tensor, y: Tensor | None = None, **_: Any) -> Tensor:
        return self.score(y_pred)[:, None]  # (B, 1)

    def aggregate(self, reduction: str | None = None) -> Tensor:
        """Reduce the scores of all batches, see ``reduction``.

        Raises
        ------
        ValueError
            No slice was added since the last reset.
        """
        added = self.get_buffer()
        if not isinstance(added, Tensor):
            raise ValueError("no slice was added; call the metric with images first")
        scores, _ = do_metric_reduction(added, reduction or self.reduction)
        return scores

from __future__ import annotations

import pytest

pytest.importorskip("monai")

import torch
from monai.metrics.metric import CumulativeIterationMetric

from distiliqa.torch import QualityScore
from distiliqa.torch.for_monai import QualityMetric


def test_rates_each_slice_and_all_batches(quality: QualityScore) -> None:
    metric = QualityMetric(quality)
    assert isinstance(metric, CumulativeIterationMetric)
    hu = 40 + 20 * torch.randn(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = quality(hu)
    assert metric(y_pred=hu[:2]).flatten().tolist() == pytest.approx(
        expected[:2].tolist(), abs=1e-5
    )
    metric(y_pred=[hu[2]], y=[hu[2]])  # a list, channel first
    assert metric.aggregate().item() == pytest.approx(expected.mean().item(), abs=1e-5)
    assert metric.aggregate("none").shape == (3, 1)
    metric.reset()
    assert len(metric) == 0
    with pytest.raises(ValueError, match="no slice was added"):
        metric.aggregate()

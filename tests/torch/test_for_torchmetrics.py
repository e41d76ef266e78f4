from __future__ import annotations

import pytest

pytest.importorskip("torchmetrics")

import torch
from torchmetrics import Metric, MetricCollection

from distiliqa.torch import QualityScore
from distiliqa.torch.for_torchmetrics import QualityMetric


def test_is_the_mean_over_batches(quality: QualityScore) -> None:
    metric = QualityMetric(quality)
    assert isinstance(metric, Metric)
    hu = 40 + 20 * torch.randn(3, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    metric.update(hu[:2])
    metric.update(hu[2:])
    assert metric.compute().item() == pytest.approx(quality(hu).mean().item(), abs=1e-5)
    assert metric.higher_is_better
    metric.reset()
    first = metric(hu[:1])  # the value of the batch
    assert first.item() == pytest.approx(quality(hu[:1]).item(), abs=1e-5)


def test_works_in_a_collection(quality: QualityScore) -> None:
    collection = MetricCollection({"quality": QualityMetric(quality)})
    collection.update(torch.full((1, 1, 64, 64), -1000.0))
    assert collection.compute()["quality"].item() == quality.scale.worst

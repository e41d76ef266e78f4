"""The adapter for deepinv, beside a stand-in of `deepinv.loss.metric.Metric` of version 0.5.

The library imports torchvision, which is not among the packages of development. The stand-in has
its signatures, and what `forward` does with ``metric``, ``reduction`` and ``train_loss``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from distiliqa.torch import QualityScore


class Metric(nn.Module):
    def __init__(
        self,
        metric: Callable[[Tensor, Tensor], Tensor] | None = None,
        complex_abs: bool = False,
        train_loss: bool = False,
        reduction: str | None = None,
        norm_inputs: str | None = None,
        center_crop: int | tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.train_loss, self.lower_better = train_loss, True
        self.reducer = {"mean": torch.mean, "sum": torch.sum}.get(reduction or "", lambda x: x)

    def metric(self, x_net: Any = None, x: Any = None, *args: Any, **kwargs: Any) -> Tensor:
        raise NotImplementedError

    def invert_metric(self, m: Tensor) -> Tensor:
        return -m

    def forward(self, x_net: Any = None, x: Any = None, *args: Any, **kwargs: Any) -> Tensor:
        m = self.reducer(self.metric(x_net, x, *args, **kwargs))
        return self.invert_metric(m) if self.train_loss and not self.lower_better else m


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("deepinv", "deepinv.loss", "deepinv.loss.metric"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules["deepinv.loss.metric"], "Metric", Metric, raising=False)
    monkeypatch.delitem(sys.modules, "distiliqa.torch.for_deepinv", raising=False)
    return importlib.import_module("distiliqa.torch.for_deepinv")


def test_scores_reconstructions(adapter: ModuleType, quality: QualityScore) -> None:
    hu = 40 + 20 * torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    metric = adapter.QualityMetric(quality)
    assert isinstance(metric, Metric)
    assert not metric.lower_better
    assert torch.equal(metric(hu, hu), quality(hu))
    assert torch.equal(metric(x_net=hu), quality(hu))
    lost = adapter.QualityMetric(quality, train_loss=True, reduction="mean")
    assert lost(hu).item() == pytest.approx(-quality(hu).mean().item(), abs=1e-6)

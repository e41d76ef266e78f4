"""Distributed training: the processes of a run train as one process with all their images.

Each process has its share of a batch. Batch normalization uses the whole batch: torch has that for
GPUs alone, so on CPUs (gloo) it is made here from two differentiable reductions.
"""

from __future__ import annotations

import torch.distributed
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.plugins import LayerSync
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch normalization over the batches of all processes, which have equal numbers of images.

    In eval mode it is `torch.nn.BatchNorm2d`, whose parameters and names it has.
    """

    def forward(self, input: Tensor) -> Tensor:  # (N, C, H, W)
        if not self.training:
            return super().forward(input)
        values = input.float()
        mean = _MeanOfAll.apply(values.mean(dim=(0, 2, 3)))
        centered = values - mean[:, None, None]
        variance = _MeanOfAll.apply(centered.square().mean(dim=(0, 2, 3)))
        if self.track_running_stats:
            count = input.numel() // input.shape[1] * torch.distributed.get_world_size()
            self._follow(mean.detach(), variance.detach() * count / (count - 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        normal = centered * scale[:, None, None] + self.bias[:, None, None]
        return normal.to(input.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked.add_(1)


class _MeanOfAll(torch.autograd.Function):
    """Mean over processes; its gradient is the mean of their gradients."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor) -> Tensor:
        return _mean(values)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        return _mean(gradient)


def _mean(values: Tensor) -> Tensor:
    summed = values.clone()
    torch.distributed.all_reduce(summed)
    return summed / torch.distributed.get_world_size()


class OneBatchNorm(LayerSync):
    """Plugin of Lightning: distributed strategies normalize over all processes, on GPU or CPU."""

    def apply(self, model: nn.Module) -> nn.Module:
        if next(model.parameters()).is_cuda:
            return nn.SyncBatchNorm.convert_sync_batchnorm(model)
        for parent in list(model.modules()):
            for name, child in parent.named_children():
                if type(child) is nn.BatchNorm2d:
                    setattr(parent, name, _shared(child))
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        return model


def _shared(norm: nn.BatchNorm2d) -> SharedBatchNorm:
    shared = SharedBatchNorm(norm.num_features, norm.eps, norm.momentum)
    shared._parameters, shared._buffers = norm._parameters, norm._buffers
    return shared


def true_on_all(flag: Tensor) -> Tensor:
    """Test whether ``flag``, (), is true on every process."""
    if not torch.distributed.is_initialized():
        return flag
    least = flag.float()
    torch.distributed.all_reduce(least, torch.distributed.ReduceOp.MIN)
    return least.bool()


def leads() -> bool:
    """True if this process writes the files of the run; the others of a distributed run do not."""
    return getattr(rank_zero_only, "rank", 0) == 0

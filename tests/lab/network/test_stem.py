from __future__ import annotations

import pytest
import torch

from distiliqa.lab.network.stem import HalvingConv


@pytest.mark.parametrize("size", [(50, 50), (51, 46)])
def test_halving_convolution_is_torchs_own(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    conv = HalvingConv(8, 3).double()
    image = torch.rand(2, 8, *size, dtype=torch.float64, requires_grad=True)
    wanted = torch.rand(2, 3, size[0] // 2, size[1] // 2, dtype=torch.float64)
    found = []
    for training in (True, False):
        output = conv.train(training)(image)
        found.append([output, *torch.autograd.grad(output, [image, *conv.parameters()], wanted)])
    for own, torchs in zip(*found, strict=True):
        torch.testing.assert_close(own, torchs)

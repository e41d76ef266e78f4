from __future__ import annotations

import pytest
import torch

from distiliqa.lab.network.stem import HalvingConv, StridedStem


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


def test_strided_stem_begins_with_differences_between_pixels() -> None:
    torch.manual_seed(0)
    stem = StridedStem([16, 32], first_kernel=5)
    even = torch.full((1, 1, 32, 32), 0.7)
    response = stem.blocks[0][0](even)[0, :, 8, 8] - stem.blocks[0][0].bias
    assert response[:13].abs().max() < 1e-5
    assert response[13:].abs().min() > 1e-3

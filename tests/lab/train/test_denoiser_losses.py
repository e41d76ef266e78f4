"""Losses of denoisers: what each of them sees."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from distiliqa.lab.train.denoiser_losses import DenoiserLoss, denoiser_loss


@pytest.mark.parametrize("name", get_args(DenoiserLoss))
def test_nothing_is_lost_between_equal_images(name: DenoiserLoss) -> None:
    images = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    assert float(denoiser_loss(name)(images, images)) == pytest.approx(0, abs=1e-6)


def test_squared_and_absolute_errors_are_means() -> None:
    clean = torch.zeros(1, 1, 64, 64)
    assert float(denoiser_loss("squared")(clean + 0.3, clean)) == pytest.approx(0.09)
    assert float(denoiser_loss("absolute")(clean + 0.3, clean)) == pytest.approx(0.3)


def test_the_edge_loss_sees_a_lost_edge_more_than_an_offset() -> None:
    clean = torch.zeros(1, 1, 64, 64)
    clean[..., 32:] = 1
    blurred = clean.clone()
    blurred[..., 31:33] = 0.5
    offset = clean + (blurred - clean).abs().mean()
    assert denoiser_loss("edge")(blurred, clean) > 1.5 * denoiser_loss("edge")(offset, clean)


def test_the_texture_loss_prefers_other_noise_to_none() -> None:
    generator = torch.Generator().manual_seed(1)
    clean, other = (0.2 * torch.randn(1, 1, 64, 64, generator=generator) for _ in range(2))
    smooth = torch.zeros_like(clean)
    assert denoiser_loss("squared")(smooth, clean) < denoiser_loss("squared")(other, clean)
    assert denoiser_loss("texture")(other, clean) < 0.7 * denoiser_loss("texture")(smooth, clean)

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from distiliqa.torch import QualityLoss, QualityScore

STEPS, STEP_HU = 10, 5.0
# Shares of the scale. A model that ascent lifts by less than 0.1 would leave nothing to show. The
# loss grants what noise of the same strength everywhere scores; that of a scan is not so.
DECEIVED, GRANTED = 0.1, 0.08


@pytest.fixture(scope="module")
def loss(quality: QualityScore) -> QualityLoss:
    return QualityLoss(quality)


def ascent(value: Callable[[Tensor], Tensor], hu: Tensor) -> Tensor:
    """Ten steps of 5 HU in every pixel, in the direction that raises the value."""
    for _ in range(STEPS):
        hu = hu.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(value(hu).sum(), hu)
        hu = hu + STEP_HU * gradient.sign()
    return hu.detach()


@pytest.fixture(scope="module")
def deceiving(quality: QualityScore, doses: tuple[Tensor, Tensor]) -> Tensor:
    """The quarter dose, changed until the score alone likes it."""
    return ascent(quality, doses[1])


def test_ascent_deceives_the_score_and_not_the_loss(
    quality: QualityScore, loss: QualityLoss, doses: tuple[Tensor, Tensor], deceiving: Tensor
) -> None:
    full, quarter = doses
    with torch.no_grad():
        share = (quality(deceiving) - quality(quarter)) / 4
        granted = loss.credit(deceiving, full) - loss.credit(quarter, full)
        farther = loss.difference_hu(deceiving, full) > loss.difference_hu(quarter, full)
    assert (share > DECEIVED).all()
    assert (granted < GRANTED).all()
    assert (granted < share / 2).all()
    assert farther.all()


def test_ascent_on_the_loss_gains_by_agreement_alone(
    loss: QualityLoss, doses: tuple[Tensor, Tensor]
) -> None:
    """Each gain is that of a reference with less noise, and the image has come nearer to it."""
    full, quarter = (dose[:1] for dose in doses)
    reached = ascent(lambda hu: loss.credit(hu, full), quarter)
    with torch.no_grad():
        before, after = (loss.difference_hu(hu, full) for hu in (quarter, reached))
        twin = full + after * loss.noise
        supported = loss.score(twin) / 4
        assert (after < 0.7 * before).all()
        assert loss.credit(reached, full) <= supported + 1e-4


def test_an_image_is_granted_the_worse_of_two_scores(
    quality: QualityScore, loss: QualityLoss, doses: tuple[Tensor, Tensor]
) -> None:
    full, quarter = doses
    with torch.no_grad():
        same = loss.credit(full, full)
        assert torch.allclose(same, quality(full) / 4, atol=1e-3)
        credit = loss.credit(quarter, full)
        assert (credit <= quality(quarter) / 4 + 1e-6).all()
        assert loss(quarter, full).item() == pytest.approx(1 - credit.mean().item())
        clean = torch.full_like(full, -1000)
        clean[..., 100:400, 100:400] = 50.0  # another slice, which the score may like
        assert (loss.credit(clean, full) < 0.5).all()


def test_the_difference_counts_what_the_window_shows(loss: QualityLoss) -> None:
    reference = torch.full((1, 1, 512, 512), -1000.0)
    reference[..., :256] = 50
    image = reference.clone()
    image[..., :128] += 6
    image[..., 256:] += 300  # air in both
    assert loss.difference_hu(image, reference).item() == pytest.approx(6 / 2**0.5, rel=1e-5)
    image[..., :128] += 1000  # white in the window, whatever the HU
    assert loss.difference_hu(image, reference).item() == pytest.approx(165 / 2**0.5, rel=1e-5)


def test_takes_other_sizes_and_refuses_other_shapes(
    loss: QualityLoss, doses: tuple[Tensor, Tensor]
) -> None:
    full, quarter = (dose[:1, :, 200:264, 200:264].contiguous() for dose in doses)
    image = quarter.clone().requires_grad_()
    value = loss(image, full.requires_grad_())
    value.backward()
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()
    assert full.grad is None
    with pytest.raises(ValueError, match=r"shape \(1, 1, 64, 64\) and a reference of \(1, 1, 64, "):
        loss(quarter, full[..., :40])


def test_the_noise_goes_along_and_is_no_weight(loss: QualityLoss) -> None:
    assert "noise" not in loss.state_dict()
    assert torch.equal(loss.noise, QualityLoss(loss.score).noise)
    assert loss.noise.std().item() == pytest.approx(1, abs=1e-6)

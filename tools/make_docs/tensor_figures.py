"""Figures of `distiliqa.torch`: patches, half precision, and ascent on score and loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from distiliqa.ct.spacing import square_side
from distiliqa.metrics import global_noise_level
from distiliqa.simulate.processing.preparation import Image
from distiliqa.simulate.processing.processing import Processing
from distiliqa.torch import QualityLoss, QualityScore
from tools.make_docs.checked_slices import checked_slices

SIDES = (512, 256, 128, 64)
COUNT, OF_ASCENT = 8, 4
STEPS, STEP_HU = 10, 5.0
# Variance of noise at a quarter of the dose, relative to what the full dose has already.
ADDED = 3.0**0.5

Record = dict[str, Any]


def record(data: Path) -> Record:
    """All figures of the page, by the shipped model.

    Parameters
    ----------
    data : folder with ``ct-dev`` and ``ct-more``.
    """
    score = QualityScore()
    slices = [info.read() for info in checked_slices(data, COUNT)]
    clean = batch([ct.hu for ct in slices])
    noisy = batch([quarter_dose(ct.hu, square_side(ct.spacing_mm, path=ct.path)) for ct in slices])
    return {
        "model": score.title,
        "patches": [patches(score, clean, noisy, side) for side in SIDES],
        "half_precision": half_precision(score, torch.cat([clean, noisy])),
        "ascent": ascent(score, clean[:OF_ASCENT], noisy[:OF_ASCENT]),
    }


def batch(slices: Sequence[Image]) -> Tensor:
    """Slices (H, W) as a batch (B, 1, H, W)."""
    return torch.from_numpy(np.stack(slices)[:, None].astype(np.float32))


def quarter_dose(hu: Image, spacing_mm: float) -> Image:
    """A slice with three times the variance of its noise added, with the spectrum of its kernel."""
    level = global_noise_level(hu, (spacing_mm, spacing_mm))
    assert level is not None  # as `checked_slices` chooses them
    return Processing("ct_noise", ADDED * level, seed=1).prepared(hu, spacing_mm)(hu)


@torch.no_grad()
def patches(score: QualityScore, clean: Tensor, noisy: Tensor, side: int) -> Record:
    """Mean scores of patches from the middle of the slices."""
    first = (clean.shape[-1] - side) // 2
    part = (..., slice(first, first + side), slice(first, first + side))
    means = {"normal": score(clean[part]), "noisy": score(noisy[part])}
    return {"side": side, **{name: float(found.mean()) for name, found in means.items()}}


@torch.no_grad()
def half_precision(score: QualityScore, hu: Tensor) -> Record:
    """Largest change of a score by half precision."""
    expected = score(hu)
    return {
        name: float((deepcopy(score).to(dtype)(hu) - expected).abs().max())
        for name, dtype in (("bfloat16", torch.bfloat16), ("float16", torch.float16))
    }


def ascent(score: QualityScore, clean: Tensor, noisy: Tensor) -> Record:
    """What ascent by ten steps of 5 HU in each pixel does to noisy slices, one at a time."""
    loss = QualityLoss(score)
    best, images = clean.split(1), noisy.split(1)
    pairs = list(zip(images, best, strict=True))
    on_score = [risen(score, image) for image, _ in pairs]
    on_loss = [risen(partial(loss.credit, reference=r), image) for image, r in pairs]
    named = {
        "noisy slice": images,
        "after ascent on the score alone": on_score,
        "after ascent on the loss": on_loss,
        "reference": best,
    }
    figures = {name: list(map(_figures(loss), found, best)) for name, found in named.items()}
    start, deceived, *_ = figures.values()
    granted = [b["credit"] - a["credit"] for a, b in zip(start, deceived, strict=True)]
    return {
        "slices": len(pairs),
        "lift": fmean(b["score"] - a["score"] for a, b in zip(start, deceived, strict=True)),
        "granted": fmean(granted),
        "max_granted": max(granted),
        "rows": [
            {"image": name, **{key: fmean(one[key] for one in found) for key in found[0]}}
            for name, found in figures.items()
        ],
    }


def risen(value: Callable[[Tensor], Tensor], hu: Tensor) -> Tensor:
    """The image after ascent on a value."""
    for _ in range(STEPS):
        hu = hu.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(value(hu).sum(), hu)
        hu = hu + STEP_HU * gradient.sign()
    return hu.detach()


def _figures(loss: QualityLoss) -> Callable[[Tensor, Tensor], Record]:
    @torch.no_grad()
    def figures(image: Tensor, reference: Tensor) -> Record:
        return {
            "score": float(loss.score(image)),
            "credit": float(loss.credit(image, reference)),
            "difference_hu": float(loss.difference_hu(image, reference)),
        }

    return figures

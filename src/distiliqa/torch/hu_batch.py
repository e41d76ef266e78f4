"""Batches of slices in HU as tensors: what `distiliqa.scoring.prepare` does with one array."""

from __future__ import annotations

import math
import warnings

import torch
from torch import Tensor
from torch.nn import functional

from distiliqa.ct import Window
from distiliqa.ct.crop_or_pad import AIR_HU, common_part
from distiliqa.ct.hu import MIN_SIDE
from distiliqa.metrics.body_blocks import BODY_HU, block_sampling
from distiliqa.metrics.body_shape import THICK

_NO_NUMBERS = (torch.bool, torch.complex32, torch.complex64, torch.complex128)


def check_batch(hu: object) -> Tensor:
    """Check that a tensor is a batch of slices in HU, and return it in float32 or float64.

    Half precision is widened before anything is computed: its steps of HU stay as they are.

    Raises
    ------
    ValueError : not a dense tensor of real numbers (B, 1, H, W) with sides of 32 pixels or more,
        or NaN or infinity.

    Warns
    -----
    UserWarning : all values lie in 0 to 1, as after a window.
    """
    if not isinstance(hu, Tensor):
        raise ValueError(f"{type(hu).__name__}; give a tensor (B, 1, H, W) in HU")
    if hu.dtype in _NO_NUMBERS or hu.is_quantized:
        raise ValueError(f"values of type {hu.dtype}; HU are real numbers")
    if hu.layout != torch.strided:
        raise ValueError(f"layout {hu.layout}; give a dense tensor: to_dense()")
    if hu.ndim != 4 or hu.shape[1] != 1:
        raise ValueError(f"shape {tuple(hu.shape)}; a batch of slices is (B, 1, H, W)")
    rows, columns = hu.shape[2:]
    if min(rows, columns) < MIN_SIDE:
        raise ValueError(f"{rows} x {columns} pixels; at least {MIN_SIDE} x {MIN_SIDE} are needed")
    wide = hu if hu.dtype == torch.float64 else hu.float()  # not all is defined for all integers
    if wide.numel():
        _check_values(wide)
    return wide


def _check_values(hu: Tensor) -> None:
    # One value is read back from the device; aminmax hands NaN on.
    low, high = torch.stack(torch.aminmax(hu.detach())).tolist()
    if not (math.isfinite(low) and math.isfinite(high)):
        count = int((~torch.isfinite(hu)).sum())
        raise ValueError(f"{count} pixels are NaN or infinite; HU are finite")
    if 0 <= low < high <= 1:
        warnings.warn(
            f"values from {low:.3g} to {high:.3g} look unlike HU (air is -1000): give HU, without "
            "a window",
            stacklevel=4,
        )


def cropped_or_padded(hu: Tensor, size: int) -> Tensor:
    """Crop or pad slices (B, 1, H, W) to (B, 1, size, size), see `distiliqa.ct.crop_or_pad`."""
    if hu.shape[2:] == (size, size):
        return hu
    source, target = zip(*(common_part(length, size) for length in hu.shape[2:]), strict=True)
    rows, columns = target
    beside = (columns.start, size - columns.stop, rows.start, size - rows.stop)
    return functional.pad(hu[(..., *source)], beside, value=AIR_HU)


def windowed(hu: Tensor, window: Window) -> Tensor:
    """Map HU of any shape to [0, 1]; the gradient is 0 where the window clips."""
    return (hu.clamp(window.lower, window.upper) - window.lower) / window.width


@torch.no_grad()
def shows_no_patient(hu: Tensor, window: Window) -> Tensor:
    """Detect slices (B, 1, H, W) without a patient, see `distiliqa.scoring.prepare.emptiness`.

    Returns
    -------
    bool, (B,).
    """
    shown = hu.clamp(window.lower, window.upper).flatten(1)
    uniform = shown.amin(dim=1) == shown.amax(dim=1)
    step, samples = block_sampling(tuple(hu.shape[2:]))
    means = functional.avg_pool2d(hu[..., ::step, ::step].clamp_min(AIR_HU), samples)
    air = (means <= BODY_HU).to(means.dtype)
    thick = functional.max_pool2d(air, THICK, stride=1).flatten(1).amin(dim=1) == 0
    return uniform | ~thick

"""What a detector does to line integrals: channels off their gain, and an end."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.simulate.geometry import Geometry

_FAULTY = 0.03  # share of the channels that are off their gain
_ROLL_OFF_MM = 60.0


def ring_errors(geometry: Geometry, gain: float, generator: torch.Generator) -> Tensor:
    """Error in the line integrals of each channel, (channels,), float32: rings in the slice.

    Parameters
    ----------
    gain : standard deviation of the relative gain of a faulty channel; 0.05 is plain to see.
    """
    faulty = torch.rand(geometry.channels, generator=generator) < _FAULTY
    error = gain * torch.randn(geometry.channels, generator=generator)
    return -torch.log1p(torch.where(faulty, error, 0.0).clamp(min=-0.9))


def truncated(integrals: Tensor, geometry: Geometry, diameter: float) -> Tensor:
    """Line integrals of a detector that covers a circle of ``diameter`` mm only.

    Beyond it the last value falls to 0 over 60 mm like a squared cosine, which keeps the bright rim
    of a hard end low (Ohnesorge et al., Med Phys 2000, doi 10.1118/1.598855).
    """
    offset = geometry.rays().offset[0]
    seen = torch.nonzero(offset.abs() <= diameter / 2).flatten()
    first, last = int(seen[0]), int(seen[-1])
    nearest = torch.arange(geometry.channels).clamp(first, last).to(integrals.device)
    beyond = (offset.abs() - diameter / 2).clamp(0, _ROLL_OFF_MM) / _ROLL_OFF_MM
    fall = torch.cos(math.pi / 2 * beyond).square().to(integrals)
    return integrals[..., nearest] * fall


def covered(shape: tuple[int, int], spacing_mm: float, diameter: float | None) -> NDArray[np.bool_]:
    """The pixels inside the circle that every view of such a detector sees; all for None."""
    if diameter is None:
        return np.ones(shape, dtype=bool)
    down, right = np.indices(shape) - max(shape) // 2
    return np.hypot(down, right) * spacing_mm <= diameter / 2

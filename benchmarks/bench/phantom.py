"""The body phantom that scans are measured on."""

from __future__ import annotations

import numpy as np
from tools.phantom.body import body_phantom

from bench.scans import Image
from distiliqa.simulate.attenuation import WATER_PER_MM

FIELD_MM = 360.0


def phantom_of(size: int) -> tuple[Image, float]:
    """Attenuation per mm, (size, size), nothing outside the circle; the pixel spacing, mm."""
    spacing = FIELD_MM / size
    hu = body_phantom(0.0, size=size, spacing_mm=spacing)
    inside = np.hypot(*(np.mgrid[:size, :size] - size // 2)) < size // 2 - 1
    return (inside * (1 + hu / 1000) * WATER_PER_MM).astype(np.float32), spacing

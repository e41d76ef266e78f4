"""Slices of a body with rings around an axis, of a strength that is known."""

from __future__ import annotations

import numpy as np
from tools.phantom.blurred_body import body, noise

PIXELS = (0.7, 0.7)
MIDDLE = (191.5, 191.5)


def slice_with_rings(
    strength_hu: float, center: tuple[float, float] = MIDDLE, sectors: slice | None = None
) -> np.ndarray:
    """A body with rings of one pixel at some radii, of this standard deviation over all radii."""
    hu = body(pixel_mm=PIXELS[0], size=384, noise_hu=0, radius=0.42)
    hu[hu < -900] = -1000
    y, x = np.mgrid[:384, :384]
    radius = np.hypot(y - center[0], x - center[1])
    gains = np.random.default_rng(3).normal(size=600) * (np.arange(600) % 3 == 0)
    gains *= strength_hu / gains.std()
    rings = gains[np.round(radius).astype(int)]
    if sectors is not None:
        turn = np.arctan2(y - center[0], x - center[1]) % (2 * np.pi) / (2 * np.pi) * 24
        rings = rings * ((turn >= sectors.start) & (turn < sectors.stop))
    return hu + rings + noise(hu.shape, 12)

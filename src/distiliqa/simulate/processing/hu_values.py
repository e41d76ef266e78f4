"""Changes of the HU themselves: contrast of soft tissue, scale, and offset."""

from __future__ import annotations

import numpy as np

from distiliqa.simulate.processing.non_local_means import NO_NOISE, non_local_means
from distiliqa.simulate.processing.preparation import BODY_HU, Image, Preparation, Process

_SOFT_HU = (-150.0, 250.0)  # the change fades out from here to air and bone
_MIDDLE_HU = 40.0


def contrast_loss(given: Preparation) -> Process:
    """Multiply differences of soft tissue from 40 HU by ``strength``; noise keeps its strength.

    The anatomy is what non-local means leaves of the image.
    """
    loss = np.float32(1 - given.strength)

    def faded(hu: Image) -> Image:
        anatomy = non_local_means(np.clip(hu, *BODY_HU), given.noise_hu, NO_NOISE)
        return hu - loss * (anatomy - np.float32(_MIDDLE_HU)) * _softness(anatomy)

    return faded


def _softness(hu: Image) -> Image:
    """1 in soft tissue, 0 in air and bone, linear between."""
    below, above = _SOFT_HU
    return np.interp(hu, [BODY_HU[0], below, above, BODY_HU[1]], [0, 1, 1, 0]).astype(np.float32)


def hu_scale(given: Preparation) -> Process:
    """Multiply all HU by ``strength``."""
    factor = np.float32(given.strength)
    return lambda hu: factor * hu


def hu_offset(given: Preparation) -> Process:
    """Add ``strength`` to all HU."""
    offset = np.float32(given.strength)
    return lambda hu: hu + offset

"""Lossy compression: JPEG of what the window shows, and JPEG 2000 of the HU."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from openjpeg.utils import decode, encode_array
from PIL import Image as Picture

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.simulate.processing.preparation import MAX_HU, MIN_HU, Image, Preparation, Process

_GRAYS = 255


def jpeg(given: Preparation) -> Process:
    """JPEG of the soft-tissue window in 256 grays; ``strength`` is the quality.

    What the window shows as black or white, before and after, keeps its HU.
    """
    quality = round(given.strength)

    def coded(hu: Image) -> Image:
        grays = np.rint(SOFT_TISSUE.apply(hu) * _GRAYS).astype(np.uint8)
        file = BytesIO()
        Picture.fromarray(grays).save(file, "JPEG", quality=quality)
        shown = np.asarray(Picture.open(file))
        same = (shown == grays) & ((hu < SOFT_TISSUE.lower) | (hu > SOFT_TISSUE.upper))
        decoded = SOFT_TISSUE.lower + shown * np.float32(SOFT_TISSUE.width / _GRAYS)
        return np.where(same, hu, decoded)

    return coded


def jpeg2000(given: Preparation) -> Process:
    """JPEG 2000 of HU in 12 bits; ``strength`` is the compression ratio."""

    def coded(hu: Image) -> Image:
        stored = np.rint(np.clip(hu, MIN_HU, MAX_HU) - MIN_HU).astype(np.uint16)
        stream = encode_array(stored, bits_stored=12, compression_ratios=[given.strength])
        return decode(stream).astype(np.float32) + np.float32(MIN_HU)

    return coded

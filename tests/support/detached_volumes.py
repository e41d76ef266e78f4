"""Volumes whose pixels are in a file beside their header."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

_HEADER = """ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
TransformMatrix = 1 0 0 0 1 0 0 0 1
Offset = 0 0 0
ElementSpacing = 0.7 0.7 3
DimSize = {2} {1} {0}
ElementType = MET_SHORT
ElementDataFile = {name}
"""


def write_mhd(path: Path, hu: ArrayLike) -> Path:
    """Write a MetaImage of HU, (slices, rows, columns), with its pixels in a ``.raw`` beside it."""
    volume = np.asarray(hu).astype("<i2")
    data = path.with_suffix(".raw")
    path.write_text(_HEADER.format(*volume.shape, name=data.name))
    data.write_bytes(volume.tobytes())
    return path


def both(header: Path) -> str:
    """SHA-256 of the bytes of a header, followed by those of its ``.raw``."""
    content = header.read_bytes() + header.with_suffix(".raw").read_bytes()
    return hashlib.sha256(content).hexdigest()

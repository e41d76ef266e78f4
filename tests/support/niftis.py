"""NIfTI files as converters write them, and headers that no library writes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def save(
    path: Path,
    volume: np.ndarray,
    directions: tuple[str, ...] = ("x", "y", "z"),
    spacing: float = 1.0,
    **kwargs: Any,
) -> Path:
    """Save a volume whose voxel axes run along the LPS ``directions``."""
    affine = np.eye(4)
    for axis, direction in enumerate(directions):
        affine[:3, axis] = np.eye(3)["xyz".index(direction[-1])] * (
            -1 if direction[0] == "-" else 1
        )
    affine[:3, :3] *= spacing
    nibabel.save(nibabel.Nifti1Image(volume, LPS_TO_RAS @ affine, **kwargs), path)
    return path


def edited(path: Path, kind: Any = nibabel.Nifti1Header, **fields: Any) -> Path:
    """Write other values into the fields of a header, such as no library writes."""
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "rb") as file:
        content = bytearray(file.read())
    header = np.frombuffer(content, kind.template_dtype, count=1)
    for name, value in fields.items():
        header[name] = value
    with open_file(path, "wb") as file:
        file.write(content)
    return path

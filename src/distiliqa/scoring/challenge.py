"""The stack of slices that the LDCTIQAC2023 challenge hands to a container.

The challenge (doi 10.5281/zenodo.7833096) gives one file, (n, 512, 512), of values in [0, 1] that
mean HU = 1400 x - 1000, and takes a list of n scores.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.arrays.tiff import CHALLENGE_INTERCEPT, CHALLENGE_SLOPE, read_tiff
from distiliqa.ct.hu import rescale
from distiliqa.ct.volumes.meta_image import read_meta_image
from distiliqa.errors import CTReadError

STACK_FOLDER = Path("images", "synthetic-ct")
SCORES_FILE = "image-quality-scores.json"
SIDE = 512
_ROUNDING = 1e-3
_SUFFIXES = (".mha", ".tif", ".tiff")


def find_stack(folder: Path) -> Path:
    """The one .mha or .tiff file in ``folder``; hidden files are ignored.

    Raises
    ------
    CTReadError
        No such folder, no such file in it, or more than one.
    """
    if not folder.is_dir():
        raise CTReadError("no such folder", path=folder, remedy="mount the input of the challenge")
    files = sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in _SUFFIXES and file.name[0] != "."
    )
    if len(files) != 1:
        found = ", ".join(file.name for file in files[:3]) or "none"
        raise CTReadError(
            f"holds {len(files)} stacks ({found})", path=folder, remedy="give one .mha or .tiff"
        )
    return files[0]


def read_stack(path: Path) -> NDArray[np.float32]:
    """Read a stack of the challenge.

    Returns
    -------
    float32, (n, 512, 512), HU; n is 1 for a file of one slice.

    Raises
    ------
    CTReadError
        Not readable, another shape, or values outside of [0, 1], such as HU.
    """
    values = _read_mha(path) if path.suffix.lower() == ".mha" else read_tiff(path)
    stack = values[np.newaxis] if values.ndim == 2 else values
    if stack.ndim != 3 or stack.shape[1:] != (SIDE, SIDE) or len(stack) == 0:
        raise CTReadError(
            f"an array of shape {values.shape}",
            path=path,
            remedy=f"give (n, {SIDE}, {SIDE}) or ({SIDE}, {SIDE})",
        )
    low, high = stack.min(), stack.max()
    if not -_ROUNDING <= low <= high <= 1 + _ROUNDING:  # NaN neither
        raise CTReadError(
            f"values from {low:g} to {high:g}, not in [0, 1]",
            path=path,
            remedy="if they are HU, give (HU + 1000) / 1400, as the challenge does",
        )
    return rescale(stack, CHALLENGE_SLOPE, CHALLENGE_INTERCEPT)


def _read_mha(path: Path) -> NDArray[np.generic]:
    """All values as they are stored, slices along the first axis."""
    voxels = read_meta_image(path).voxels
    voxels.check_length()
    return voxels.whole().transpose()

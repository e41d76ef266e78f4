"""Labels of images beside their score: a quality map, and whether the image was processed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.errors import RecipeError, quoted
from distiliqa.lab.data.ratings import RatedImage

BLOCK = 32  # side of a part of the map, pixels
PARTS = 16  # along a side of the slice
LABEL_MAP, PROCESSED = "label_map", "processed"  # columns of the manifest
_TOLERANCE = 0.05  # of the mean of a map from the score, in units of the score


class Labels(NamedTuple):
    """Labels of the images of a data set beside their scores.

    Attributes
    ----------
    quality : float32, (n, 16, 16), the rating of each part. weight : (n, 16, 16), its share of
        tissue, by which the mean of the map is the score; all 0 for an image without a map.
    processed : float32, (n,), 1 or 0; NaN where unknown.
    """

    quality: Tensor
    weight: Tensor
    processed: Tensor

    @property
    def sha256(self) -> str:
        """SHA-256 of all labels."""
        return hashlib.sha256(b"".join(part.numpy().tobytes() for part in self)).hexdigest()

    @property
    def have_maps(self) -> bool:
        """True if an image has a quality map."""
        return bool(self.weight.any())

    @property
    def know_processing(self) -> bool:
        """True if it is known of an image whether it was processed."""
        return not bool(self.processed.isnan().all())


def read_labels(images: Sequence[RatedImage], folder: Path) -> Labels | None:
    """Read quality maps and ``processed`` of images from what their manifest names.

    A map is an ``.npz`` with ``quality`` and ``weight``, float32, (16, 16), in the column
    ``label_map``; the column ``processed`` holds 1, 0 or nothing.

    Parameters
    ----------
    folder : that of the data set, to which paths of maps are relative.

    Returns
    -------
    None where no image has such a label.

    Raises
    ------
    RecipeError : a map that is missing, damaged or of another shape, whose mean is not the score of
        its image, or another word for ``processed``.
    """
    if not any(image.facts.keys() & {LABEL_MAP, PROCESSED} for image in images):
        return None
    with ThreadPoolExecutor() as pool:
        maps = list(pool.map(lambda image: _map_of(image, folder), images))
    quality, weight = (torch.from_numpy(np.stack(parts)) for parts in zip(*maps, strict=True))
    return Labels(quality, weight, torch.tensor([_processed(image) for image in images]))


def _processed(image: RatedImage) -> float:
    word = image.facts.get(PROCESSED, "")
    known = {"1": 1.0, "0": 0.0, "": float("nan")}
    if word not in known:
        raise RecipeError(
            f"{quoted(image.name)} is processed {quoted(word)}, which is not 1, 0 or empty",
            remedy="correct manifest.csv",
        )
    return known[word]


def _map_of(image: RatedImage, folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    named = image.facts.get(LABEL_MAP)
    if named is None:
        return np.zeros((PARTS, PARTS), np.float32), np.zeros((PARTS, PARTS), np.float32)
    path = folder / named
    try:
        with np.load(path, allow_pickle=False) as file:
            quality, weight = (file[key].astype(np.float32) for key in ("quality", "weight"))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise _unusable(path, str(error)) from error
    if {quality.shape, weight.shape} != {(PARTS, PARTS)}:
        raise _unusable(path, f"{quality.shape} and {weight.shape}, not {PARTS} x {PARTS} parts")
    if not (np.isfinite(quality).all() and (weight >= 0).all() and 0 < weight.sum() < np.inf):
        raise _unusable(path, "not finite, or a weight below 0, or none above")
    mean = float((quality * weight).sum() / weight.sum())
    if abs(mean - image.score) > _TOLERANCE:
        raise _unusable(path, f"its mean is {mean:.3f}, the score {image.score:.3f}")
    return np.where(weight > 0, quality, np.float32(0)), weight


def _unusable(path: Path, problem: str) -> RecipeError:
    return RecipeError(
        f"no quality map ({problem})", path=path, remedy="make the data set again, or this image"
    )

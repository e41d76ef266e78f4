"""Quality map of a labeled image, in a file beside it, and its score.

A map has blocks of 32 x 32 pixels of the image as it is stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.files import atomic_path
from distiliqa.lab.label.anatomy import CELL, Anatomy, means_of
from distiliqa.lab.label.reader_scale import ReaderScale
from distiliqa.lab.label.simulated_label import Labeled


class QualityMap(NamedTuple):
    """Ratings of the parts of an image.

    Attributes
    ----------
    quality : float32, (rows, columns) of blocks, 0 to 4; 0 where nothing is rated.
    weight : float32, the same shape: share of the block that is soft tissue inside the body.
    """

    quality: NDArray[np.float32]
    weight: NDArray[np.float32]

    @property
    def score(self) -> float:
        """Mean of the quality by weight: the label of the image."""
        return float((self.quality * self.weight).sum() / self.weight.sum())

    def save(self, path: Path) -> None:
        """Write ``quality`` and ``weight`` as a compressed npz file, atomically."""
        with atomic_path(path) as partial, partial.open("wb") as file:
            np.savez_compressed(file, quality=self.quality, weight=self.weight)


def quality_map(anatomy: Anatomy, shown: Labeled, scale: ReaderScale) -> QualityMap:
    """Rate an image in blocks; what the detector does not cover is rated 0."""
    covered = means_of(shown.seen.astype(np.float32), CELL)
    quality, weight = anatomy.blocks(scale.rating(shown.detectability) * covered)
    return QualityMap(quality.astype(np.float32), weight.astype(np.float32))

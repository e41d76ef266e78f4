"""The readers' own noise as a ceiling beside the agreement of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.lab.data.ratings import RatedImages
from distiliqa.readers.reader_agreement import (
    MIN_IMAGES,
    Against,
    ReaderAgreement,
    against_others,
    reader_agreement,
)


@dataclass(frozen=True)
class Ceiling:
    """What readers reach, and a model on the same images.

    Attributes
    ----------
    readers : agreement between readers.
    model : the model against the mean of all readers but one, as ``readers.one_reader`` has it.
    """

    readers: ReaderAgreement
    model: Against

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return self.readers.as_dict() | {"model_against_the_same": vars(self.model)}


def ceiling_of(rated: RatedImages, scores: NDArray[np.float64]) -> Ceiling | None:
    """Compare a model with its readers.

    Parameters
    ----------
    scores : (n,), of the images of ``rated``; slices that share a rating are averaged.

    Returns
    -------
    None for one reader, and where fewer than `MIN_IMAGES` images were rated by all.
    """
    ratings = rated.mean.table.ratings
    rows = np.array(rated.rows)
    slices = np.bincount(rows, minlength=len(ratings))
    known = ~np.isnan(ratings).any(axis=1) & (slices > 0)
    if ratings.shape[1] < 2 or known.sum() < MIN_IMAGES or np.ptp(ratings[known]) == 0:
        return None
    mean = np.bincount(rows, scores, len(ratings)) / np.maximum(slices, 1)
    return Ceiling(reader_agreement(rated.mean.table), against_others(mean[known], ratings[known]))

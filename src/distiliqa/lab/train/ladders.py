"""Pairs of versions of one slice, and the share that scores and labels put in the same order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.lab.data.composites import versions_of
from distiliqa.lab.data.ratings import RatedImage

MIN_DIFFERENCE = 0.025  # of two labels, as a share of the scale: 0.1 from 0 to 4


class Ladders:
    """Versions of slices, by the positions of their images.

    Parameters
    ----------
    images : the data set. positions : images to compare, such as those held out.
    span : length of the scale of the labels.
    """

    def __init__(self, images: Sequence[RatedImage], positions: Sequence[int], span: float) -> None:
        self.slices = [np.array(at) for at in versions_of(images, positions) if len(at) > 1]
        self.min_difference = MIN_DIFFERENCE * span
        self.labels = np.array([image.score for image in images])

    def ordered(self, positions: NDArray[np.int64], predictions: NDArray[np.floating]) -> float:
        """Share of the pairs whose predictions differ in the direction of their labels.

        Pairs are of versions of one slice whose labels differ by a fortieth of the scale or more;
        equal predictions are not in order. NaN where there is no pair.

        Parameters
        ----------
        positions : (n,), of images in the data set. predictions : (n,), for them.
        """
        found = np.full(len(self.labels), np.nan)
        found[positions] = predictions
        ordered = pairs = 0
        for at in self.slices:
            labels = self.labels[at]
            # Half of the differences: of each pair the one that is above 0.
            apart = labels[:, None] - labels >= self.min_difference * (1 - 1e-9)
            known = apart & np.isfinite(found[at][:, None] - found[at])
            ordered += int((known & (found[at][:, None] > found[at])).sum())
            pairs += int(known.sum())
        return ordered / pairs if pairs else float("nan")

    def require_pairs(self) -> None:
        """Raise `RecipeError` where there is no pair."""
        if np.isnan(self.ordered(np.arange(len(self.labels)), self.labels)):
            raise RecipeError(
                "select_on error_and_ladders: no two versions of one slice held out differ enough",
                remedy="name the source of each image in manifest.csv, or select on error",
            )

"""Labels of a fine-tuning: one rating an image, or several attributes, each with its own head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError, quoted
from distiliqa.lab.fine_tune.head_fit import Head
from distiliqa.models.attributes import Attribute, closeness
from distiliqa.models.score_scale import ScoreScale
from distiliqa.readers.rating_table import RatingTable

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReaderLabels:
    """Labels of n images.

    Attributes
    ----------
    values : (n, heads), NaN where not rated.
    scale : of the score.
    attributes : what each head rates; empty where the one head gives the score itself.
    """

    values: Floats
    scale: ScoreScale
    attributes: tuple[Attribute, ...] = ()

    @property
    def heads(self) -> int:
        """Number of outputs of the network."""
        return self.values.shape[1]

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each head."""
        return tuple(one.name for one in self.attributes) or ("rating",)

    @property
    def spans(self) -> Floats:
        """Length of the scale of each head."""
        if not self.attributes:
            return np.array([self.scale.high - self.scale.low])
        return np.array([one.span for one in self.attributes])

    @property
    def label_scores(self) -> Floats:
        """The score of the labels, (n,), NaN where an attribute was not rated."""
        return self.score(self.values)

    def score(self, outputs: Floats) -> Floats:
        """Scores (n,) of outputs (n, heads): the mean closeness to the best, or the output."""
        if not self.attributes:
            return outputs[:, 0]
        return closeness(self.attributes, outputs).mean(axis=1)

    def start(self, head: Head, scale: ScoreScale) -> Head:
        """The head to begin with, from that of a model whose score is the mean of its outputs.

        It is stretched to the scale of each rating. Where the best value lies between the ends, no
        line does, and the head begins with the mean rating alone.

        Parameters
        ----------
        scale : of the model.
        """
        weight, bias = head.weight.mean(axis=0), float(head.bias.mean())
        parts = [self._stretched(weight, bias - scale.low, at, scale) for at in range(self.heads)]
        return Head(np.stack([part[0] for part in parts]), np.array([part[1] for part in parts]))

    def _stretched(
        self, weight: Floats, above: float, at: int, scale: ScoreScale
    ) -> tuple[Floats, float]:
        one = self.attributes[at] if self.attributes else self.scale
        rises = one.rises if isinstance(one, Attribute) else one.higher_is_better
        if rises is None:
            return np.zeros_like(weight), float(np.nanmean(self.values[:, at]))
        span = float(self.spans[at])
        factor = span / (scale.high - scale.low)
        if rises == scale.higher_is_better:
            return weight * factor, one.low + above * factor
        return -weight * factor, one.high - above * factor


def require_on_scales(table: RatingTable, attributes: Sequence[Attribute]) -> None:
    """Raise `RecipeError` where a rating is outside of the scale of its attribute.

    Parameters
    ----------
    table : a column for each attribute, in their order.
    """
    for one, column in zip(attributes, table.ratings.T, strict=True):
        outside = np.flatnonzero((column < one.low) | (column > one.high))
        if outside.size:
            row = int(outside[0])
            raise RecipeError(
                f"{one.name} of {quoted(table.rows[row].name)} is {column[row]:g}, outside the "
                f"scale {one.low:g} to {one.high:g}",
                path=table.path,
                remedy="correct the rating or the scale of the attribute",
            )

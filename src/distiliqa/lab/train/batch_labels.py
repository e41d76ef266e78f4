"""Labels of a training batch, and of the part of each image that a crop shows."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from torch import Tensor

from distiliqa.lab.data.label_maps import BLOCK


class Shown(TypedDict):
    """Items of a `RatedDataset`, collated: images (N, 1, S, S), the rest (N,)."""

    image: Tensor
    score: Tensor
    index: Tensor
    transform: Tensor


class Batch(Shown, total=False):
    """A batch of a data set with labels beside the scores, see `RatedDataset`."""

    quality: Tensor
    weight: Tensor
    processed: Tensor
    image_score: Tensor


class BatchLabels(NamedTuple):
    """Labels of what a network is shown.

    Attributes
    ----------
    score, processed : (N,). quality, weight : (N, r, c). None where the data set has no such label.
    image_score : (N,), score of the whole images without discs, which the teachers rate.
    """

    score: Tensor
    image_score: Tensor
    quality: Tensor | None = None
    weight: Tensor | None = None
    processed: Tensor | None = None

    @property
    def apart(self) -> Tensor:
        """How far the score is from that of the whole image, (N,)."""
        return self.score - self.image_score

    def of_crop(self, row: int, column: int, side: int) -> BatchLabels:
        """Labels of a square part of the images, whose top left is in the corner of a block.

        The score of a part with tissue is the mean of its map; that of others stays.
        """
        if self.quality is None or self.weight is None:
            return self
        rows, columns = (slice(at // BLOCK, (at + side) // BLOCK) for at in (row, column))
        quality, weight = self.quality[:, rows, columns], self.weight[:, rows, columns]
        tissue = weight.flatten(1).sum(dim=1)
        mean = (quality * weight).flatten(1).sum(dim=1) / tissue.clamp_min(_MIN_TISSUE)
        score = mean.where(tissue >= _MIN_TISSUE, self.score)
        return self._replace(score=score, quality=quality, weight=weight)


_MIN_TISSUE = 1.0  # blocks


def labels_of(batch: Batch) -> BatchLabels:
    """Labels of a batch of whole images."""
    score = batch["score"]
    return BatchLabels(
        score,
        batch.get("image_score", score),
        batch.get("quality"),
        batch.get("weight"),
        batch.get("processed"),
    )

"""Labels of a training batch, and of the part of each image that a crop shows."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import torch
from torch import Tensor

from distiliqa.lab.data.dataset import shifted
from distiliqa.lab.data.label_maps import BLOCK


class Shown(TypedDict):
    """Items of a `RatedDataset`, collated: images (N, 1, S, S), the rest (N,)."""

    image: Tensor
    score: Tensor
    index: Tensor
    transform: Tensor


class Batch(Shown, total=False):
    """A batch of a data set with labels beside the scores, see `RatedDataset`."""

    version_of: Tensor
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
    version_of : (N,), number of the slice that each image is a version of, see `ItemLabels`.
    """

    score: Tensor
    image_score: Tensor
    quality: Tensor | None = None
    weight: Tensor | None = None
    processed: Tensor | None = None
    version_of: Tensor | None = None

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

    def of_shifted(self, rows: int, columns: int) -> BatchLabels:
        """Labels of the images shifted down and right, by less than a block.

        A block gets the mean of the blocks that it covers, by tissue. The score stays.
        """
        if self.quality is None or self.weight is None:
            return self
        weight = _shifted(self.weight, rows, columns)
        summed = _shifted(self.quality * self.weight, rows, columns)
        quality = torch.where(weight > 0, summed / weight.clamp_min(_NO_TISSUE), 0.0)
        return self._replace(quality=quality, weight=weight)


_MIN_TISSUE = 1.0  # blocks
_NO_TISSUE = 1e-9


def _shifted(parts: Tensor, rows: int, columns: int) -> Tensor:
    """Sums over blocks, (N, r, c), of images that are shifted by pixels; nothing comes in."""
    down, right = (1 if pixels > 0 else -1 for pixels in (rows, columns))
    for pixels, (one, other) in ((rows, (down, 0)), (columns, (0, right))):
        share = abs(pixels) / BLOCK
        parts = (1 - share) * parts + share * shifted(parts, one, other)
    return parts


def labels_of(batch: Batch) -> BatchLabels:
    """Labels of a batch of whole images."""
    score = batch["score"]
    return BatchLabels(
        score,
        batch.get("image_score", score),
        batch.get("quality"),
        batch.get("weight"),
        batch.get("processed"),
        batch.get("version_of"),
    )

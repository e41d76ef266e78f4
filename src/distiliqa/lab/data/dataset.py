"""Rated slices as a torch data set, with augmentations that do not change the noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypedDict, get_args

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.composites import Composer, Disc, composed_labels, slice_numbers
from distiliqa.lab.data.label_maps import Labels
from distiliqa.lab.data.ratings import RatedImage

Augmentation = Literal["none", "dihedral", "dihedral+rescale"]
SYMMETRIES = 8
_OF_DISCS = 1  # keeps the draws of discs apart from those of symmetries


class Draw(NamedTuple):
    """Augmentation of an image: symmetry, 0 to 7, and factor of rescaling and back; 1 is none."""

    transform: int
    scale: float


class ItemLabels(TypedDict, total=False):
    """Item of a `RatedDataset` without its pixels.

    score : float32, (). index : position in the data set's images. transform, scale : see `Draw`.
    version_of : number of the slice that it is a version of; -1 where its source is unknown.
    quality, weight, processed : labels beside the score, see `Labels`; missing in a data set
        without them. image_score : score of the image without its disc. disc : float32, (4,), see
        `Disc`; its radius is 0 where there is none.
    """

    score: Tensor
    index: int
    version_of: int
    transform: int
    scale: float
    quality: Tensor
    weight: Tensor
    processed: Tensor
    image_score: Tensor
    disc: Tensor


class RatedItem(ItemLabels, total=False):
    """Item of a `RatedDataset`.

    image : float32, (1, size, size), in [0, 1], augmented; missing without ``pixels``.
    """

    image: Tensor


def apply_symmetry(image: Tensor, transform: int) -> Tensor:
    """Flip and transpose the last two axes of ``image`` by the bits of ``transform``, 0 to 7.

    Bit 0 flips rows, bit 1 flips columns, bit 2 then transposes. The eight results are the
    symmetries of the square, so fair bits draw them evenly, as the published chain of flips,
    90-degree rotations and a transpose does. No pixel is interpolated.
    """
    flipped = [axis for axis, bit in ((-2, 1), (-1, 2)) if transform & bit]
    image = image.flip(flipped) if flipped else image
    return image.transpose(-2, -1).contiguous() if transform & 4 else image


def shifted(image: Tensor, down: int, right: int) -> Tensor:
    """Shift the last two axes of ``image`` by whole pixels; 0, which is air, fills the edge."""
    rows, columns = image.shape[-2:]
    moved = torch.zeros_like(image)
    moved[..., max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)] = image[
        ..., max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)
    ]
    return moved


class RatedDataset(Dataset[RatedItem]):
    """Images and scores at some positions of a data set.

    An item is a pure function of (seed, epoch, position): a resumed or distributed run has the same
    images as an uninterrupted one.

    Parameters
    ----------
    images, cache : the whole data set and its decoded slices.
    indices : positions in ``images`` that this data set serves.
    augmentation : ``none``, ``dihedral`` (the 8 symmetries) or ``dihedral+rescale``, as published:
        every second image is also scaled by 0.9 to 1.1 and back, which resamples its noise.
    seed : of the draws.
    labels : of the whole data set, beside its scores.
    composites : share of the images with a quality map that get a disc of another version of their
        slice, see `distiliqa.lab.data.composites`.

    Attributes
    ----------
    pixels : whether items hold their image; False where the slices are on the GPU.
    """

    def __init__(
        self,
        images: Sequence[RatedImage],
        cache: SliceCache,
        indices: Sequence[int],
        *,
        augmentation: Augmentation = "none",
        seed: int = 0,
        labels: Labels | None = None,
        composites: float = 0.0,
    ) -> None:
        if augmentation not in get_args(Augmentation):
            raise RecipeError(
                f"no augmentation {augmentation!r}",
                remedy=f"choose {', '.join(get_args(Augmentation))}",
            )
        self.cache, self.indices, self.augmentation = cache, tuple(indices), augmentation
        self.seed, self.pixels = seed, True
        self.labels = labels
        self.composer = (
            Composer(images, labels, self.indices, composites) if labels and composites else None
        )
        self.version_of = slice_numbers(images, self.indices)
        self.scores = torch.tensor([image.score for image in images], dtype=torch.float32)
        # Shared memory: persistent workers must see the epoch change.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch: int) -> None:
        """Draw the augmentation of ``epoch`` from now on, in workers too."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, item: int) -> RatedItem:
        index = self.indices[item]
        transform, scale = draw = self.drawn(index)
        disc = self.disc(index)
        found: RatedItem = {
            "score": self.scores[index],
            "index": index,
            "version_of": int(self.version_of[index]),
            "transform": transform,
            "scale": scale,
        }
        if self.labels is not None:
            found |= self._labeled(index, transform, disc, self.labels)
        if self.pixels:
            image = self._slice(index)
            if disc is not None:
                image = composed(image, self._slice(disc.partner), disc)
            found["image"] = as_drawn(image, draw)
        return found

    def _slice(self, index: int) -> Tensor:
        return torch.from_numpy(self.cache.array(index))[None]

    def _labeled(self, index: int, transform: int, disc: Disc | None, labels: Labels) -> ItemLabels:
        """Score and other labels of an image as it is shown."""
        score = self.scores[index]
        quality, weight, processed = (part[index] for part in labels)
        if disc is not None:
            quality, weight, processed = composed_labels(labels, index, disc)
            score = (quality * weight).sum() / weight.sum()
        return {
            "score": score,
            "quality": apply_symmetry(quality, transform),
            "weight": apply_symmetry(weight, transform),
            "processed": processed,
            "image_score": self.scores[index],
            "disc": torch.tensor(disc or Disc(index, 0.0, 0.0, 0.0), dtype=torch.float32),
        }

    def disc(self, index: int) -> Disc | None:
        """Disc of another version of its slice that the image has in this epoch."""
        if self.composer is None:
            return None
        rng = np.random.default_rng((self.seed, int(self._epoch), index, _OF_DISCS))
        return self.composer.drawn(index, rng)

    def drawn(self, index: int) -> Draw:
        """Augmentation of the image at a position in this epoch."""
        if self.augmentation == "none":
            return Draw(0, 1.0)
        rng = np.random.default_rng((self.seed, int(self._epoch), index))
        transform = int(rng.integers(SYMMETRIES))
        if self.augmentation == "dihedral+rescale" and rng.random() < 0.5:
            return Draw(transform, rng.uniform(0.9, 1.1))
        return Draw(transform, 1.0)


def composed(image: Tensor, other: Tensor, disc: Disc) -> Tensor:
    """An image (1, size, size) with a disc of another."""
    return torch.where(disc.inside(image.shape[-1], image.device), other, image)


def as_drawn(image: Tensor, draw: Draw) -> Tensor:
    """Apply symmetry and rescaling to an image (1, size, size)."""
    image = apply_symmetry(image, draw.transform)
    return image if draw.scale == 1 else _rescale_and_back(image, draw.scale)


def _rescale_and_back(image: Tensor, scale: float) -> Tensor:
    """Rescale (1, size, size) bilinearly and back; the size stays, but not the noise."""
    size = image.shape[-1]
    scaled = functional.interpolate(image[None], size=round(size * scale), mode="bilinear")
    return functional.interpolate(scaled, size=size, mode="bilinear")[0]

"""Versions of one slice, and images that are composed of two of them.

An image with a disc of another version of its slice has exact labels: the map of each part is the
mean of both, by their shares of the part and of its tissue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.lab.data.label_maps import BLOCK, Labels
from distiliqa.lab.data.ratings import RatedImage

RADIUS = (24, 96)  # of a disc, pixels


def versions_of(images: Sequence[RatedImage], positions: Sequence[int]) -> list[list[int]]:
    """Positions of the images of each slice.

    They are those of one source, and of one ``patient`` where the manifest has that column.
    """
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at in positions:
        if (source := images[at].source) is not None:
            groups[source, images[at].facts.get("patient", "")].append(at)
    return list(groups.values())


def slice_numbers(images: Sequence[RatedImage], positions: Sequence[int]) -> NDArray[np.int64]:
    """Number of the slice that each image is a version of, (images,); -1 where it is unknown."""
    numbers = np.full(len(images), -1, np.int64)
    for number, at in enumerate(versions_of(images, positions)):
        numbers[at] = number
    return numbers


class Disc(NamedTuple):
    """Disc of another image: its position in the data set, and its place in pixels."""

    partner: int
    row: float
    column: float
    radius: float

    def inside(self, size: int, device: torch.device | None = None) -> Tensor:
        """Where it is in a slice, bool, (size, size)."""
        at = torch.arange(size, dtype=torch.float32, device=device)
        squares = (at - self.row).square()[:, None] + (at - self.column).square()
        return squares <= self.radius**2


class Composer:
    """Draws of the discs of a data set.

    Parameters
    ----------
    images, labels : the whole data set. positions : images that may be composed.
    share : of the images with a map that get a disc.
    """

    def __init__(
        self,
        images: Sequence[RatedImage],
        labels: Labels,
        positions: Sequence[int],
        share: float,
    ) -> None:
        mapped = labels.weight.flatten(1).any(dim=1)
        usable = [at for at in positions if mapped[at]]
        self.share, self.weight = share, labels.weight
        self.versions = {
            at: versions for versions in versions_of(images, usable) for at in versions
        }

    def drawn(self, index: int, rng: np.random.Generator) -> Disc | None:
        """Disc around a part of the image that shows tissue; None for most images."""
        others = [at for at in self.versions.get(index, ()) if at != index]
        if not others or rng.random() >= self.share:
            return None
        partner = others[rng.integers(len(others))]
        shown = self.weight[index].nonzero().numpy()
        row, column = BLOCK * (shown[rng.integers(len(shown))] + rng.random(2))
        return Disc(partner, float(row), float(column), float(rng.uniform(*RADIUS)))


def composed_labels(labels: Labels, index: int, disc: Disc) -> tuple[Tensor, Tensor, Tensor]:
    """Quality and weight, (16, 16), and ``processed``, (), of an image with a disc.

    ``processed`` is NaN unless both images agree.
    """
    parts = len(labels.weight[index])
    inside = disc.inside(parts * BLOCK).float()
    share = inside.unflatten(1, (parts, BLOCK)).unflatten(0, (parts, BLOCK)).mean(dim=(1, 3))
    own = (1 - share) * labels.weight[index]
    others = share * labels.weight[disc.partner]
    weight = own + others
    summed = own * labels.quality[index] + others * labels.quality[disc.partner]
    quality = torch.where(weight > 0, summed / weight.clamp_min(1e-9), 0.0)
    one, other = labels.processed[index], labels.processed[disc.partner]
    return quality, weight, torch.where(one == other, one, torch.nan)

"""Cross-validation folds with no patient, or no source slice, on both sides."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from distiliqa.data.anatomy import anatomy_groups
from distiliqa.data.cache import SliceCache
from distiliqa.data.ratings import RatedImage
from distiliqa.errors import RecipeError


class Fold(NamedTuple):
    """Positions of the images on each side of a fold, both ascending."""

    train: tuple[int, ...]
    validation: tuple[int, ...]


def make_folds(
    images: Sequence[RatedImage],
    *,
    count: int = 5,
    by: str = "case",
    seed: int = 0,
    cache: SliceCache | None = None,
) -> tuple[Fold, ...]:
    """Split images into ``count`` folds; every image validates once.

    Parameters
    ----------
    images : the data set.
    count : number of folds, 2 or more.
    by : what stays together: ``case``; ``source``, the slice that images are versions of; a column
        of the manifest; or ``contiguous``, blocks of the list as DistilIQA was published
        (doi 10.1016/j.compbiomed.2024.108670), which puts a patient on both sides.
    seed : decides between groups of equal size.
    cache : the decoded slices of ``images``, to find sources by their anatomy where unknown.

    Raises
    ------
    RecipeError : fewer groups than folds, an empty fold, an unknown column.
    """
    if count < 2:
        raise RecipeError(f"{count} folds leave nothing to train on", remedy="set 2 or more")
    if by == "contiguous":
        blocks = _contiguous_blocks(len(images), count)
    else:
        blocks = _balanced_blocks(group_labels(images, by, cache), by, count, seed)
    everything = range(len(images))
    return tuple(
        Fold(tuple(sorted(set(everything).difference(block))), tuple(block)) for block in blocks
    )


def group_labels(
    images: Sequence[RatedImage], by: str = "case", cache: SliceCache | None = None
) -> list[str]:
    """Name the group of each image: its case, its source, or its value in a manifest column.

    An image without a case goes by its source, with a warning; one without a source goes by its
    anatomy (`distiliqa.data.anatomy`).

    Raises
    ------
    RecipeError : a column that the manifest lacks or leaves empty; anatomy needed and no cache.
    """
    if by not in ("case", "source"):
        return [_column(image, by) for image in images]
    labels = [_known_group(image, by) for image in images]
    caseless = sum(image.case is None for image in images)
    if by == "case" and caseless:
        warnings.warn(
            f"{caseless} of {len(images)} images have no known case and are grouped by source "
            "slice: a patient may be on both sides of a fold unless manifest.csv names the cases",
            stacklevel=3,
        )
    if None not in labels:
        return [label for label in labels if label is not None]
    if cache is None:
        raise RecipeError(
            f"neither case nor source of {images[labels.index(None)].name!r} is known",
            remedy="name them in manifest.csv, or take contiguous folds",
        )
    anatomy = anatomy_groups(cache.images)
    return [label or f"anatomy {anatomy[i]}" for i, label in enumerate(labels)]


def _known_group(image: RatedImage, by: str) -> str | None:
    if by == "case" and image.case is not None:
        return f"case {image.case}"
    return None if image.source is None else f"source {image.source}"


def _column(image: RatedImage, column: str) -> str:
    if column not in image.facts:
        known = ", ".join(image.facts) or "none"
        raise RecipeError(
            f"{image.name!r} has no value in the manifest column {column!r} (it has: {known})",
            remedy="group by case, source, contiguous or a column that manifest.csv fills",
        )
    return image.facts[column]


def _balanced_blocks(labels: list[str], by: str, count: int, seed: int) -> list[list[int]]:
    """Deal whole groups, the largest first, each to the block with the fewest images."""
    members: dict[str, list[int]] = {}
    for position, label in enumerate(labels):
        members.setdefault(label, []).append(position)
    if len(members) < count:
        raise RecipeError(
            f"{count} folds by {by} need {count} groups, the data set has {len(members)}",
            remedy=f"set at most {len(members)} folds, or fold contiguous as published",
        )
    shuffled = np.random.default_rng(seed).permutation(len(members))
    groups = list(members.values())
    blocks: list[list[int]] = [[] for _ in range(count)]
    for group in sorted((groups[i] for i in shuffled), key=len, reverse=True):
        min(blocks, key=len).extend(group)
    return [sorted(block) for block in blocks]


def _contiguous_blocks(n: int, count: int) -> list[list[int]]:
    """Blocks as published for five folds: n - int(0.8 n) images each, the last takes the rest."""
    length = n - int((1 - 1 / count) * n)
    blocks = [list(range(n)[k * length : (k + 1) * length]) for k in range(count)]
    if not all(blocks):
        raise RecipeError(
            f"{count} contiguous folds of {n} images leave a fold empty",
            remedy="set fewer folds or add images",
        )
    return blocks

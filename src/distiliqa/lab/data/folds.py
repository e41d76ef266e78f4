"""Cross-validation folds with no patient, and no source slice, on both sides.

Where neither is known, versions of one slice are found by their anatomy. A data set such as
LDCTIQAC2023 holds the same slice at many doses and names no patient. Its versions differ in noise
and streaks, which a low-pass filter removes, and share the anatomy.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from distiliqa.errors import RecipeError, quoted
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.ratings import RatedImage

GRID = 32

# On 161 clinical slices of 16 patients, averaged to 32 x 32, slices of different patients correlate
# by at most 0.84; a slice and its copy with Gaussian-filtered noise of 50 HU by at least 0.99, of
# 100 HU by 0.97, and its reconstruction from 60 views by 0.99. Neighboring slices of a patient pass
# too, as they should: a network recognizes them.
THRESHOLD = 0.92

_BLOCK = 1024


def anatomy_groups(images: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Label images by anatomy: the same label for the same anatomy.

    Images are averaged over blocks to 32 x 32 and correlated; those above `THRESHOLD` are linked,
    and linked chains make a group.

    Parameters
    ----------
    images : (n, size, size), windowed slices in any unit, size >= 32; may be memory-mapped.

    Returns
    -------
    (n,), labels from 0 in order of first appearance.
    """
    thumbnails = _standardized_thumbnails(images)
    # By blocks of rows: 10,000 images have 10^8 correlations, of which few pass.
    links = [
        csr_array(thumbnails[start : start + _BLOCK] @ thumbnails.T >= THRESHOLD)
        for start in range(0, len(images), _BLOCK)
    ]
    labels = connected_components(vstack(links), directed=False)[1]
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def _standardized_thumbnails(images: NDArray[np.uint16]) -> NDArray[np.float32]:
    """(n, 32 * 32), each of mean 0 and norm 1, so that a product of two is their correlation."""
    thumbnails = np.stack([_block_average(image) for image in images])
    thumbnails -= thumbnails.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(thumbnails, axis=1, keepdims=True)
    # A constant image correlates with nothing.
    return np.divide(thumbnails, norms, out=np.zeros_like(thumbnails), where=norms > 0)


def _block_average(image: NDArray[np.uint16]) -> NDArray[np.float32]:
    block = len(image) // GRID
    side = block * GRID
    blocks = image[:side, :side].reshape(GRID, block, GRID, block)
    return blocks.mean(axis=(1, 3), dtype=np.float32).ravel()


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
    always_train: Collection[str] = (),
) -> tuple[Fold, ...]:
    """Split images into ``count`` folds; every image validates once, but for some patients.

    Parameters
    ----------
    images : the data set.
    count : number of folds, 2 or more.
    by : what stays together: ``case``; ``source``, the slice that images are versions of; a column
        of the manifest; or ``contiguous``, blocks of the list as DistilIQA was published
        (doi 10.1016/j.compbiomed.2024.108670), which puts a patient on both sides.
    seed : decides between groups of equal size.
    cache : the decoded slices of ``images``, to find sources by their anatomy where unknown.
    always_train : cases on the training side of every fold, with all images of their groups.

    Raises
    ------
    RecipeError : fewer groups than folds, an empty fold, an unknown column or case.
    """
    cases = frozenset(always_train)
    require_cases(images, cases)
    if count < 2:
        raise RecipeError(f"{count} folds leave nothing to train on", remedy="set 2 or more")
    labels = range(len(images)) if by == "contiguous" else group_labels(images, by, cache)
    of_cases = {label for label, image in zip(labels, images, strict=True) if image.case in cases}
    others = [at for at, label in enumerate(labels) if label not in of_cases]
    if by == "contiguous":
        parts = _contiguous_blocks(len(others), count)
    else:
        parts = _balanced_blocks([labels[at] for at in others], by, count, seed)
    blocks = [[others[at] for at in part] for part in parts]
    everything = range(len(images))
    return tuple(
        Fold(tuple(sorted(set(everything).difference(block))), tuple(block)) for block in blocks
    )


def require_cases(images: Sequence[RatedImage], cases: Collection[str]) -> None:
    """Raise `RecipeError` where no image is of one of the cases."""
    missing = sorted(set(cases).difference(image.case or "" for image in images))
    if missing:
        raise RecipeError(
            f"no image of the case {quoted(missing[0])}", remedy="name cases as manifest.csv does"
        )


def group_labels(
    images: Sequence[RatedImage], by: str = "case", cache: SliceCache | None = None
) -> list[int] | list[str]:
    """Name the group of each image: its case, its source, or its value in a manifest column.

    Where some cases are unknown, images that share a case or a source share a group, with a
    warning; where an image has neither, so do images of the same anatomy
    (`anatomy_groups`). So a dose without a patient is grouped with the doses that name one.

    Raises
    ------
    RecipeError : a column that the manifest lacks or leaves empty; anatomy needed and no cache.
    """
    if by not in ("case", "source"):
        return [_column(image, by) for image in images]
    caseless = sum(image.case is None for image in images)
    if by == "case" and caseless:
        warnings.warn(
            f"{caseless} of {len(images)} images have no known case and are grouped by source "
            "slice: a patient may be on both sides of a fold unless manifest.csv names the cases",
            stacklevel=3,
        )
    kinds = ("case", "source") if by == "case" and caseless else (by,)
    keys = [
        [(kind, value) for kind in kinds if (value := getattr(image, kind)) is not None]
        for image in images
    ]
    if not all(keys):
        if cache is None:
            raise RecipeError(
                f"neither case nor source of {quoted(images[keys.index([])].name)} is known",
                remedy="name them in manifest.csv, or take contiguous folds",
            )
        for known, label in zip(keys, anatomy_groups(cache.images).tolist(), strict=True):
            known.append(("anatomy", str(label)))
    return _linked(keys)


def _linked(keys: list[list[tuple[str, str]]]) -> list[int]:
    """Give images with a common key one label, also where other images link them."""
    numbers: dict[tuple[str, str], int] = {}
    edges = [
        (i, len(keys) + numbers.setdefault(key, len(numbers)))
        for i, known in enumerate(keys)
        for key in known
    ]
    nodes = len(keys) + len(numbers)
    graph = coo_array((np.ones(len(edges), bool), np.transpose(edges)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1][: len(keys)].tolist()


def _column(image: RatedImage, column: str) -> str:
    if column not in image.facts:
        known = ", ".join(image.facts) or "none"
        raise RecipeError(
            f"{quoted(image.name)} has no value in the manifest column {quoted(column)} "
            f"(it has: {known})",
            remedy="group by case, source, contiguous or a column that manifest.csv fills",
        )
    return image.facts[column]


def _balanced_blocks(
    labels: Sequence[int | str], by: str, count: int, seed: int
) -> list[list[int]]:
    """Assign whole groups, the largest first, to the block with the fewest images."""
    members: dict[int | str, list[int]] = {}
    for position, label in enumerate(labels):
        members.setdefault(label, []).append(position)
    if len(members) < count:
        fewer = f"set at most {len(members)} folds, " if len(members) > 1 else ""
        raise RecipeError(
            f"{count} folds by {by} need {count} groups, the data set has {len(members)}",
            remedy=f"rate images of more patients, {fewer}or fold contiguous as published: "
            "folds.by contiguous",
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

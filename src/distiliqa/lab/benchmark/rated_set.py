"""The images of a benchmark: middle of the body, group of each image, outer and inner folds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.files import atomic_path, make_folder
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, RatedSection
from distiliqa.lab.benchmark.references import Slice, references_in
from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.folds import Fold, group_labels, make_folds, require_cases
from distiliqa.lab.data.preprocess import preprocess
from distiliqa.lab.data.rated_folder import DATASET
from distiliqa.lab.data.ratings import RatedImage, read_ratings, require_different
from distiliqa.lab.data.tcia import find_pairs
from distiliqa.lab.train.recipe_sections import WindowSection, named_cases

_FULL = 512
_TISSUE_HU = -135.0  # air and lung lie below
_TAIL = 0.02  # of the tissue on each side: tables, arms, noise in the air


@dataclass(frozen=True, eq=False)
class RatedSet:
    """Rated images of a benchmark.

    Attributes
    ----------
    images : n of them; their scores are the labels.
    cache : their middle, windowed.
    groups : (n,), what folds and bootstrap keep together: patients, or as near as is known.
    recipe : the benchmark.
    references : the best version of each slice, also of images that are not used.
    """

    images: tuple[RatedImage, ...]
    cache: SliceCache
    groups: tuple[str, ...]
    recipe: BenchmarkRecipe
    references: Mapping[Slice, RatedImage]

    @cached_property
    def labels(self) -> NDArray[np.float64]:
        """Label of each image, (n,)."""
        return np.array([image.score for image in self.images])

    def folds(self, by: str) -> tuple[Fold, ...]:
        """Outer folds; the same for all methods and seeds that are split in the same way."""
        return self._folds(range(len(self.images)), self.recipe.folds.count, by)

    def inner(self, fold: Fold, by: str) -> tuple[Fold, ...]:
        """Folds of the training side of an outer fold, as positions in the whole set."""
        parts = self._folds(fold.train, self.recipe.folds.inner, by)
        return tuple(Fold(*(tuple(fold.train[at] for at in side) for side in p)) for p in parts)

    def _folds(self, positions: Sequence[int], count: int, by: str) -> tuple[Fold, ...]:
        named = [
            replace(self.images[at], case=self.groups[at]) if by == "case" else self.images[at]
            for at in positions
        ]
        return make_folds(named, count=count, by=by, seed=self.recipe.seeds[0])


def open_rated_set(recipe: BenchmarkRecipe, folder: Path) -> RatedSet:
    """Read the ratings of a recipe, and cut the middle out of the images once.

    Parameters
    ----------
    folder : of the decoded slices, and of the doses that are mixed of a TCIA tree.

    Raises
    ------
    RecipeError, CTReadError : see `read_ratings` and `open_cache`.
    """
    data = recipe.data
    where, ratings = _source(data, folder)
    rated = read_ratings(where, ratings, scale=data.scale)
    images = _chosen(rated, recipe)
    require_different(images, ratings)
    images = tuple(replace(image, score=image.score / data.divide_by) for image in images)
    window = recipe.window.window()
    whole = open_cache(images, window=window, size=_FULL, folder=make_folder(folder))
    cache = _middles(whole, data.image_size, recipe.window)
    groups = tuple(map(str, group_labels(images, "case", whole)))
    return RatedSet(images, cache, groups, recipe, references_in(rated))


def _source(data: RatedSection, folder: Path) -> tuple[Path, Path]:
    """Folder and ratings; mixes the doses of a TCIA tree first, those that are not yet there."""
    if data.tcia is None:
        assert data.folder is not None
        assert data.ratings is not None
        return data.folder, data.ratings
    mixed = folder / "mixed"
    preprocess(find_pairs(data.tcia), mixed)
    return mixed, mixed / DATASET


def _chosen(images: tuple[RatedImage, ...], recipe: BenchmarkRecipe) -> tuple[RatedImage, ...]:
    """The images of the cases that the recipe names, and so many of each."""
    data: RatedSection = recipe.data
    if data.cases is not None:
        cases = named_cases(data.cases)
        require_cases(images, cases)
        images = tuple(image for image in images if image.case in cases)
    if data.per_case is None:
        return images
    order = np.random.default_rng(recipe.seeds[0]).permutation(len(images))
    taken: dict[str | None, list[int]] = {}
    for at in order.tolist():
        of_case = taken.setdefault(images[at].case, [])
        if len(of_case) < data.per_case:
            of_case.append(at)
    return tuple(images[at] for at in sorted(at for part in taken.values() for at in part))


def _middles(whole: SliceCache, size: int, window: WindowSection) -> SliceCache:
    """Cache of the middle of the body in each slice."""
    if size == _FULL:
        return whole
    name = hashlib.sha256(f"{whole.path.name} {size}".encode()).hexdigest()[:16]
    path = whole.path.with_name(f"middle-{name}.npy")
    if not path.is_file():
        level = (_TISSUE_HU - window.level) / window.width + 0.5
        parts = [middle(image, size, max(level, 0.0) * 65535) for image in whole.images]
        with atomic_path(path) as partial, partial.open("wb") as file:
            np.save(file, np.stack(parts))
    return SliceCache(path)


def middle(image: NDArray[np.uint16], size: int, level: float) -> NDArray[np.uint16]:
    """Cut ``size`` x ``size`` pixels out around the middle of what is brighter than ``level``.

    Parameters
    ----------
    image : (rows, columns), with sides of ``size`` or more.
    """
    tissue = image > level
    starts = []
    for axis, side in enumerate(image.shape):
        mass = np.cumsum(tissue.sum(axis=1 - axis))
        ends = [int(np.searchsorted(mass, share * mass[-1])) for share in (_TAIL, 1 - _TAIL)]
        center = sum(ends) // 2 if mass[-1] else side // 2
        starts.append(min(max(center - size // 2, 0), side - size))
    row, column = starts
    return np.ascontiguousarray(image[row : row + size, column : column + size])

"""Images of which a known part is worse: two versions of one slice, put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.models.folder import LEAST_SHOWN

RADIUS = (24, 96)  # of the worse part, pixels
LEAST_DIFFERENCE = 0.1  # of the two labels, as a share of the range of all


class Composite(NamedTuple):
    """An image whose worse part is a disc.

    Attributes
    ----------
    image : float32, (size, size), windowed, in [0, 1].
    worse : (size, size), where it is the worse version.
    labels : of the better version, and of the worse one.
    """

    image: NDArray[np.float32]
    worse: NDArray[np.bool_]
    labels: tuple[float, float]


def composites(
    images: Sequence[RatedImage],
    cache: SliceCache,
    positions: Sequence[int],
    *,
    seed: int,
    higher_is_better: bool = True,
) -> Iterator[Composite]:
    """Put a disc of the worse of two versions of one slice into the better one, for every two.

    Versions are images of one source, and of one ``patient`` where the manifest has that column,
    whose labels differ by a tenth of the range or more. The disc lies in the body.

    Parameters
    ----------
    positions : which of ``images``, whose slices are those of ``cache``, to take.
    """
    scores = np.array([images[at].score for at in positions])
    least = LEAST_DIFFERENCE * float(np.ptp(scores))
    rng, sign = np.random.default_rng(seed), 1 if higher_is_better else -1
    for versions in _versions(images, positions):
        for one, other in combinations(versions, 2):
            better, worse = sorted((one, other), key=lambda at: -sign * images[at].score)
            labels = images[better].score, images[worse].score
            if sign * (labels[0] - labels[1]) >= max(least, 1e-9):
                yield _composite(cache.array(better), cache.array(worse), labels, rng)


def _versions(images: Sequence[RatedImage], positions: Sequence[int]) -> list[list[int]]:
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for at in positions:
        if (source := images[at].source) is not None:
            groups[source, images[at].facts.get("patient", "")].append(at)
    return list(groups.values())


def _composite(
    better: NDArray[np.float32],
    worse: NDArray[np.float32],
    labels: tuple[float, float],
    rng: np.random.Generator,
) -> Composite:
    inside = disc(better, rng)
    return Composite(np.where(inside, worse, better), inside, labels)


def disc(shown: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A disc around a random place of a windowed slice that is not air, (size, size)."""
    places = np.argwhere(shown > LEAST_SHOWN)
    row, column = places[rng.integers(len(places))] if len(places) else (0, 0)
    radius = rng.uniform(*RADIUS)
    rows, columns = np.ogrid[: shown.shape[0], : shown.shape[1]]
    return np.hypot(rows - row, columns - column) <= radius

"""Scale of readers: from detectability to the mean rating of radiologists, 0 to 4.

No rating of an image is used. The images of the LDCTIQAC2023 challenge are twelve combinations of
dose and views, in equal number. Simulated images of these combinations, in the order of their
labels, get the published distribution of the mean ratings of its 1000 training images.

0 features not shown, 1 interpretation impossible, 2 limited, 3 diagnostic, 4 excellent
(Lee et al. 2025, doi 10.1016/j.media.2024.103343).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.simulate.degradation import Degradation

SCALE = (0.0, 4.0)
# Images of the training set of LDCTIQAC2023 (Zenodo 7833096) at each mean rating.
MEAN_RATINGS = np.linspace(*SCALE, 21)
COUNTS = (25, 19, 22, 42, 48, 56, 51, 65, 65, 74, 53, 56, 60, 62, 42, 65, 35, 42, 31, 51, 36)
RATINGS = np.linspace(*SCALE, 9)  # of the knots: twelve combinations support no more

FULL_VIEWS = 720
# Its sources are of the 2016 Low Dose CT Grand Challenge (doi 10.1002/mp.12345), whose slices are
# used at this thickness by most.
THICKNESS_MM = 3.0
DOSES, VIEWS = (1.0, 0.5, 0.25, 0.1), (720, 360, 180)

Array = NDArray[np.floating]


def combinations(thickness_mm: float | None) -> list[Degradation]:
    """The twelve scans of the challenge, of a geometry with `FULL_VIEWS`: the same noise a view.

    Parameters
    ----------
    thickness_mm : of the slice that is scanned. A thicker slice than those of the challenge has the
        photons of several: its doses are lower by the ratio. None where it is not known.
    """
    share = min(1.0, THICKNESS_MM / thickness_mm) if thickness_mm else 1.0
    return [
        Degradation(dose=share * dose, views=None if views == FULL_VIEWS else views)
        for dose, views in product(DOSES, VIEWS)
    ]


@dataclass(frozen=True)
class ReaderScale:
    """Monotone map from the logarithm of detectability to a rating.

    Attributes
    ----------
    knots : detectability at each of `RATINGS`, ascending.
    """

    knots: tuple[float, ...]

    def rating(self, detectability: Array) -> Array:
        """Rating of each area, 0 to 4."""
        return np.interp(detectability, self.knots, RATINGS)

    def save(self, path: Path) -> None:
        """Write the scale as JSON."""
        write_json(path, {"ratings": RATINGS.tolist(), "detectability": list(self.knots)})

    @classmethod
    def load(cls, path: Path) -> ReaderScale:
        """Read what `save` wrote."""
        return cls(tuple(map(float, read_json(path)["detectability"])))


def fit_scale(images: Sequence[Array]) -> ReaderScale:
    """Find the scale on which images of the challenge have its distribution of ratings.

    Parameters
    ----------
    images : for each patient, the detectability of the images of all combinations, (images,). All
        patients count the same.
    """
    counts = np.array(COUNTS)
    shares = np.interp(RATINGS, MEAN_RATINGS, (np.cumsum(counts) - counts / 2) / counts.sum())
    found = np.concatenate(images)
    return ReaderScale(tuple(np.quantile(found, shares).tolist()))

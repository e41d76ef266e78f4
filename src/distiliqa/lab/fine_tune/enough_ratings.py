"""How many ratings a fine-tuning needs, and what it refuses.

Patients: there are five folds by patient, and each should hold out two or so, or its figures are
those of one patient. Prediction intervals for new patients of 90 % need nine others
(`distiliqa.statistics.conformal_by_case`), so ten are needed.

Images: slices that share a rating count as one, and an image counts if it has all attributes, of
which its score is made. The head has one weight a channel, but ridge regression towards the weights
of the model gives it only as much freedom as ratings of other patients support; 50 images are
needed. Where more layers learn there are thousands of weights for each image, and nothing but the
patients held out can show that they have not learned the readers' noise. The 95 % interval of a
rank correlation of 0.9 is then +-0.06 on 50 images, +-0.03 on 200 and +-0.02 on 500 (Bonett &
Wright 2000, doi 10.1007/BF02294183). The more layers learn, the smaller the loss of agreement that
must be detectable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.recipe_sections import Layers
from distiliqa.readers.rated_slices import require_patients

FOLDS = 5
MIN_CASES = 2 * FOLDS
MIN_IMAGES: dict[Layers, int] = {"head": 50, "transformer": 200, "all": 500}
MIN_DIFFERENT = 3  # ratings


def require_enough(
    images: Sequence[RatedImage],
    rows: Sequence[int],
    labels: NDArray[np.float64],
    layers: Layers,
    path: Path,
) -> None:
    """Raise `RecipeError` where ratings are too few, too alike, or of unknown patients.

    Parameters
    ----------
    rows : (n,), the row of the table that rates each image.
    labels : (n, attributes), NaN where not rated.
    path : the file of the ratings, for the error.
    """
    require_patients(images, path, "folds keep patients apart")
    known = np.flatnonzero(~np.isnan(labels).any(axis=1)).tolist()
    rated, needed = len({rows[at] for at in known}), MIN_IMAGES[layers]
    cases = len({images[at].case for at in known})
    if rated < needed or cases < MIN_CASES:
        what = "rated images" if labels.shape[1] == 1 else "images rated by all attributes"
        who = "1 patient" if cases == 1 else f"{cases} patients"
        raise RecipeError(
            f"{rated} {what} of {who} are too few to fine-tune {_what(layers)}",
            path=path,
            remedy=f"rate {needed} images of {MIN_CASES} patients or more{_instead(layers)}",
        )
    if min(len(np.unique(column[~np.isnan(column)])) for column in labels.T) < MIN_DIFFERENT:
        raise RecipeError(
            f"fewer than {MIN_DIFFERENT} different ratings",
            path=path,
            remedy="rate images that differ in quality",
        )


def _what(layers: Layers) -> str:
    return {"head": "the head", "transformer": "the transformer", "all": "all layers"}[layers]


def _instead(layers: Layers) -> str:
    return ", or run `distiliqa calibrate`" if layers == "head" else ", or add --layers head"

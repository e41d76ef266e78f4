from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.calibration import interval_calibration_of


def rated(name: str, score: float, case: str | None) -> RatedImage:
    return RatedImage(name, Path(name), score, case, source="slice")


def test_intervals_are_set_on_the_typical_images_alone() -> None:
    rng = np.random.default_rng(0)
    easy = [rated(f"easy/{n}", 2.0, "P1") for n in range(200)]
    hard = [rated(f"hard/{n}", 2.0, "P2") for n in range(200)]
    outputs = 2.0 + rng.normal(0, 0.01, (400, 5)) + np.repeat([0.0, 1.0], 200)[:, None]
    images = [*easy, *hard]
    every = interval_calibration_of(images, outputs, None)
    few = interval_calibration_of(images, outputs, {image.name for image in easy} | {"unknown"})
    assert (every.images, every.cases, few.images, few.cases) == (400, 2, 200, 1)
    assert few == interval_calibration_of(easy, outputs[:200], None)
    assert few.quantile < every.quantile / 10


def test_too_few_typical_images_set_no_intervals() -> None:
    images = [rated(f"{n}", 2.0, None) for n in range(50)]
    with pytest.raises(RecipeError, match="19 of the images for calibration were held out"):
        interval_calibration_of(images, np.full((50, 5), 2.0), {f"{n}" for n in range(19)})

"""What cannot be learned from: too few images, patients or different ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.fine_tune.enough_ratings import require_enough
from distiliqa.lab.train.recipe_sections import Layers


def images(count: int, patients: int) -> list[RatedImage]:
    return [RatedImage(str(n), Path("x"), 0.0, f"p{n % patients}") for n in range(count)]


def labels(count: int) -> np.ndarray:
    return np.arange(count, dtype=float)[:, None] % 5


def require(
    rated: list[RatedImage], values: np.ndarray, layers: Layers, rows: list[int] | None = None
) -> None:
    rows = list(range(len(rated))) if rows is None else rows
    require_enough(rated, rows, values, layers, Path("r.csv"))


@pytest.mark.parametrize(
    ("layers", "count", "patients", "says"),
    [
        ("head", 49, 10, "49 rated images of 10 patients are too few to fine-tune the head; "
         "rate 50 images of 10 patients or more, or run `distiliqa calibrate`"),
        ("head", 60, 9, "60 rated images of 9 patients are too few"),
        ("head", 60, 1, "60 rated images of 1 patient are too few"),
        ("transformer", 199, 20, "too few to fine-tune the transformer; rate 200 images of 10 "
         "patients or more, or add --layers head"),
        ("all", 499, 20, "too few to fine-tune all layers; rate 500 images"),
    ],
)  # fmt: skip
def test_too_few(layers: Layers, count: int, patients: int, says: str) -> None:
    with pytest.raises(RecipeError) as error:
        require(images(count, patients), labels(count), layers)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_enough() -> None:
    require(images(50, 10), labels(50), "head")
    require(images(200, 10), labels(200), "transformer")
    require(images(500, 10), labels(500), "all")


def test_slices_that_share_a_rating_count_once() -> None:
    shared = [at // 50 for at in range(500)]
    with pytest.raises(RecipeError, match="10 rated images of 10 patients are too few"):
        require(images(500, 10), labels(500), "head", shared)


def test_images_with_all_attributes_count() -> None:
    both = np.hstack([labels(60), labels(60)])
    both[:11, 1] = np.nan
    with pytest.raises(RecipeError, match="49 images rated by all attributes of 10 patients"):
        require(images(60, 10), both, "head")
    apart = np.hstack([labels(120), labels(120)])
    apart[:60, 0] = apart[60:, 1] = np.nan
    with pytest.raises(RecipeError, match="0 images rated by all attributes of 0 patients"):
        require(images(120, 10), apart, "head")


def test_unknown_patients_and_equal_ratings() -> None:
    unknown = [*images(60, 10), RatedImage("z", Path("x"), 0.0)]
    with pytest.raises(RecipeError, match="the patient of 'z' is not known; name patients in a"):
        require(unknown, labels(61), "head")
    with pytest.raises(RecipeError, match="fewer than 3 different ratings"):
        require(images(60, 10), labels(60) % 2, "head")

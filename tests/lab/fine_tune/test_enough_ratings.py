"""What cannot be learned from: too few images, patients or different ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.fine_tune.enough_ratings import require_enough


def images(count: int, patients: int) -> list[RatedImage]:
    return [RatedImage(str(n), Path("x"), 0.0, f"p{n % patients}") for n in range(count)]


def labels(count: int) -> np.ndarray:
    return np.arange(count, dtype=float)[:, None] % 5


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
def test_too_few(layers: str, count: int, patients: int, says: str) -> None:
    with pytest.raises(RecipeError) as error:
        require_enough(images(count, patients), labels(count), layers, Path("r.csv"))  # type: ignore[arg-type]
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_enough() -> None:
    for layers, count in (("head", 50), ("transformer", 200), ("all", 500)):
        require_enough(images(count, 10), labels(count), layers, Path("r.csv"))  # type: ignore[arg-type]


def test_the_attribute_with_the_fewest_ratings_counts() -> None:
    both = np.hstack([labels(60), labels(60)])
    both[:11, 1] = np.nan
    with pytest.raises(RecipeError, match="49 rated images"):
        require_enough(images(60, 10), both, "head", Path("r.csv"))


def test_unknown_patients_and_equal_ratings() -> None:
    unknown = [*images(60, 10), RatedImage("z", Path("x"), 0.0)]
    with pytest.raises(RecipeError, match="the patient of 'z' is not known; name patients in a"):
        require_enough(unknown, labels(61), "head", Path("r.csv"))
    with pytest.raises(RecipeError, match="fewer than 3 different ratings"):
        require_enough(images(60, 10), labels(60) % 2, "head", Path("r.csv"))

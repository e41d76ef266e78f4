"""Which images are used, what is cut out of them, and how they are split."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe
from distiliqa.lab.benchmark.rated_set import RatedSet, middle, open_rated_set
from distiliqa.lab.benchmark.references import reference_of

SNR = [{"name": "snr", "measure": "snr"}]


@pytest.fixture
def rated(benchmark_recipe: Callable[..., BenchmarkRecipe], tmp_path: Path) -> RatedSet:
    return open_rated_set(benchmark_recipe(SNR), tmp_path / "cache")


def test_the_middle_of_the_body_is_cut_out_without_resampling(rated: RatedSet) -> None:
    assert rated.cache.images.shape == (18, 96, 96)
    hu = np.load(rated.images[0].path)
    # The disc is around row 128 + 40 and column 128 - 30 of 256.
    expected = np.clip((hu[120:216, 50:146] + 135) / 350, 0, 1)
    np.testing.assert_allclose(rated.cache.array(0), expected, atol=0.03)


def test_equal_ratings_are_refused(
    benchmark_recipe: Callable[..., BenchmarkRecipe], tmp_path: Path
) -> None:
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.zeros((64, 64), np.float32))
    ratings = tmp_path / "ratings.json"
    ratings.write_text('{"a.npy": 1, "b.npy": 1}')
    data = {"folder": str(tmp_path), "ratings": str(ratings), "scale": [0, 4], "image_size": 96}
    with pytest.raises(RecipeError, match=r"ratings\.json: all 2 ratings are 1; rate images that"):
        open_rated_set(benchmark_recipe(SNR, data=data), tmp_path / "cache")


@pytest.mark.parametrize(("at", "start"), [(5, 0), (50, 34), (97, 68)])
def test_the_part_stays_inside_the_image(at: int, start: int) -> None:
    image = np.zeros((100, 100), np.uint16)
    image[at, 50] = 9
    part = middle(image, 32, 1)
    assert part.shape == (32, 32)
    assert part[at - start, 50 - 34] == 9
    assert middle(np.zeros((100, 100), np.uint16), 32, 1).shape == (32, 32)


def test_no_patient_is_on_two_sides(rated: RatedSet) -> None:
    seen = []
    for fold in rated.folds("case"):
        seen += fold.validation
        sides = [{rated.images[at].case for at in side} for side in fold]
        assert not sides[0] & sides[1]
        inner_seen = []
        for inner in rated.inner(fold, "case"):
            assert set(inner.train) | set(inner.validation) == set(fold.train)
            sides = [{rated.images[at].case for at in side} for side in inner]
            assert not sides[0] & sides[1]
            inner_seen += inner.validation
        assert sorted(inner_seen) == list(fold.train)
    assert sorted(seen) == list(range(18))


def test_so_many_images_of_each_case_and_their_references(
    benchmark_recipe: Callable[..., BenchmarkRecipe], rated_doses: Path, tmp_path: Path
) -> None:
    data = {
        "folder": str(rated_doses),
        "ratings": str(rated_doses / "train.json"),
        "cases": ["p0", "p4"],
        "per_case": 2,
        "scale": [0, 4],
        "divide_by": 4,
        "image_size": 96,
    }
    rated = open_rated_set(benchmark_recipe(SNR, data=data), tmp_path / "cache")
    assert sorted(image.case or "" for image in rated.images) == ["p0", "p0", "p4", "p4"]
    assert rated.labels.max() <= 1
    for image in rated.images:  # also where it is not one of the two
        assert reference_of(image, rated.references).name == f"{image.case}_1.npy"
    with pytest.raises(RecipeError, match="has no reference of full dose in the data set"):
        reference_of(rated.images[0], {})

"""Images whose worse part is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.local_quality import RADIUS, composites

LEVELS = {4.0: 0.8, 3.9: 0.75, 1.0: 0.4}


@pytest.fixture
def rated(tmp_path: Path) -> tuple[list[RatedImage], SliceCache]:
    """Two sources of three versions: squares of tissue whose value tells the version."""
    images = []
    for source in ("a", "b"):
        for score, value in LEVELS.items():
            path = tmp_path / f"{source}{score}.npy"
            hu = np.full((512, 512), -1000.0, np.float32)
            hu[100:400, 100:400] = 350 * value - 135
            np.save(path, hu)
            facts = {"patient": "0" if score != 3.9 or source == "a" else "1"}
            images.append(RatedImage(path.name, path, score, "p", source, facts))
    images.append(RatedImage("alone.npy", images[0].path, 0.0))
    return images, open_cache(images, folder=tmp_path / "cache")


def test_the_disc_is_the_worse_version_and_the_rest_the_better(
    rated: tuple[list[RatedImage], SliceCache],
) -> None:
    images, cache = rated
    made = list(composites(images, cache, range(len(images)), seed=0))
    # Of a: 4 and 3.9 with 1, not 4 with 3.9, which are nearly equal. Of b: 4 with 1 alone.
    assert sorted(each.labels for each in made) == [(3.9, 1.0), (4.0, 1.0), (4.0, 1.0)]
    for each in made:
        inside = np.zeros((512, 512), bool)
        inside[100:400, 100:400] = True
        shown = each.worse & inside
        assert shown.any()
        np.testing.assert_allclose(each.image[shown], LEVELS[1.0], atol=1e-3)
        better = each.image[inside & ~each.worse]
        np.testing.assert_allclose(better, LEVELS[each.labels[0]], atol=1e-3)
        assert each.worse.sum() <= np.pi * (RADIUS[1] + 1) ** 2


def test_where_lower_is_better_the_disc_has_the_higher_label(
    rated: tuple[list[RatedImage], SliceCache],
) -> None:
    images, cache = rated
    made = list(composites(images, cache, range(len(images)), seed=0, higher_is_better=False))
    assert sorted(each.labels for each in made) == [(1.0, 3.9), (1.0, 4.0), (1.0, 4.0)]
    shown = made[0].worse & (np.abs(made[0].image - LEVELS[1.0]) > 1e-2)
    assert shown.any()


def test_the_seed_decides(rated: tuple[list[RatedImage], SliceCache]) -> None:
    images, cache = rated
    first, again, other = (
        [each.worse for each in composites(images, cache, range(len(images)), seed=seed)]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_images_of_no_known_source_have_no_versions(
    rated: tuple[list[RatedImage], SliceCache],
) -> None:
    images, cache = rated
    assert not list(composites(images, cache, [len(images) - 1], seed=0))

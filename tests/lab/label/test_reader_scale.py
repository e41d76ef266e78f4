"""The scale of readers, from the distribution of ratings alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.lab.label.reader_scale import (
    COUNTS,
    MEAN_RATINGS,
    ReaderScale,
    combinations,
    fit_scale,
)


def test_ratings_have_the_published_distribution() -> None:
    rng = np.random.default_rng(0)
    images = [rng.normal(-4, 0.8, 100) for _ in range(30)]

    ratings = fit_scale(images).rating(np.concatenate(images))

    published = np.repeat(MEAN_RATINGS, COUNTS)
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        assert np.quantile(ratings, share) == pytest.approx(np.quantile(published, share), abs=0.2)


def test_ratings_rise_with_detectability() -> None:
    scale = fit_scale([np.linspace(-6, -2, 200)])

    ratings = scale.rating(np.linspace(-7, -1, 50))

    assert (np.diff(ratings) >= 0).all()
    assert (ratings[0], ratings[-1]) == (0, 4)


def test_a_scale_is_kept_in_a_file(tmp_path: Path) -> None:
    scale = fit_scale([np.linspace(-6, -2, 200)])
    scale.save(tmp_path / "scale.json")

    assert ReaderScale.load(tmp_path / "scale.json") == scale


def test_the_challenge_has_twelve_combinations() -> None:
    found = {(one.dose, one.views, one.keep_dose) for one in combinations(None)}

    assert len(found) == 12
    assert (1.0, None, False) in found
    assert (0.1, 180, False) in found


def test_a_thick_slice_is_scanned_with_the_photons_of_one_of_the_challenge() -> None:
    def doses(thickness_mm: float | None) -> list[float]:
        return sorted({one.dose for one in combinations(thickness_mm)})

    assert doses(6.0) == pytest.approx([0.05, 0.125, 0.25, 0.5])
    assert doses(1.25) == doses(3.0) == doses(None) == [0.1, 0.25, 0.5, 1.0]

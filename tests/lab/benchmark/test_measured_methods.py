"""Measures are mapped by curves of the other folds, and know the order of doses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe
from distiliqa.lab.benchmark.measured_methods import mapped, out_of_fold_measure
from distiliqa.lab.benchmark.rated_set import open_rated_set
from distiliqa.statistics.agreement import srocc

MEASURES = ("noise_level", "snr", "total_variation", "gradient_energy", "brisque", "niqe")
REFERENCES = ("ssim", "psnr", "vif", "gmsd")


def test_every_measure_orders_the_doses(
    benchmark_recipe: Callable[..., BenchmarkRecipe], tmp_path: Path
) -> None:
    methods = [{"name": name, "measure": name} for name in MEASURES]
    methods += [{"name": name, "reference": name} for name in REFERENCES]
    recipe = benchmark_recipe(methods)
    rated = open_rated_set(recipe, tmp_path / "cache")
    for method in recipe.methods:
        found = out_of_fold_measure(rated, method, "case", tmp_path)
        least = 0.7 if method.name == "niqe" else 0.9  # it has one part of 64 pixels an image
        assert (srocc(found, rated.labels) or 0) > least, method.name
        assert np.abs(found - rated.labels).mean() < 0.8, method.name
    kept = sorted(path.name.split("-")[0] for path in (tmp_path / "measures").iterdir())
    assert kept == sorted((*MEASURES[:4], *REFERENCES))


def test_the_curve_is_that_of_the_known_images() -> None:
    known = np.linspace(0, 1, 30)
    labels = 4 / (1 + np.exp(-(known - 0.5) / 0.1))
    new = np.array([0.4, 0.7, np.nan])
    found = mapped(known, labels, new)
    expected = 4 / (1 + np.exp(-(np.array([0.4, 0.7, 0.5]) - 0.5) / 0.1))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_few_images_get_a_line_and_constant_ones_the_mean() -> None:
    assert mapped(np.array([0.0, 1, 2]), np.array([1.0, 3, 5]), np.array([4.0])) == pytest.approx(9)
    assert mapped(np.ones(3), np.array([1.0, 3, 5]), np.array([4.0])) == pytest.approx(3)
    assert mapped(np.full(3, np.nan), np.array([1.0, 3, 5]), np.array([4.0])) == pytest.approx(3)

"""Features against moments computed by hand, and models of the training images alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from distiliqa.lab.data.folds import Fold
from distiliqa.statistics.agreement import srocc

pytest.importorskip("cv2")
from distiliqa.lab.benchmark.scene_statistics import (
    PART,
    brisque,
    niqe,
    parts_of,
    statistics_of,
)

FOLD = Fold(tuple(range(40)), tuple(range(40, 60)))
INNER = Fold(tuple(range(20)), tuple(range(20, 40)))


def tissue(noise: float, seed: int = 0, side: int = 256) -> np.ndarray:
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.standard_normal((side, side)), 6)
    image = 0.5 + smooth / np.abs(smooth).max() / 4 + noise * rng.standard_normal((side, side))
    return image.clip(0, 1).astype(np.float32)


def test_the_second_feature_is_the_variance_of_the_normalized_image() -> None:
    """Equations 1 to 3 of Mittal et al. 2012, in another library's filter."""
    image = tissue(0.02)
    mean, square = (
        gaussian_filter(values.astype(np.float64), 7 / 6, radius=3, mode="nearest")
        for values in (image, image.astype(np.float64) ** 2)
    )
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    normalized = (image - mean) / (deviation + 1 / 255)
    assert statistics_of(image)[1] == pytest.approx((normalized**2).mean(), rel=1e-3)
    assert statistics_of(image).shape == (36,)


def test_parts_without_structure_are_left_out() -> None:
    image = tissue(0.02)
    image[:PART] = 0.0
    features, sharpness = parts_of(image)
    assert features.shape == (12, 36)
    assert sharpness.shape == (12,)
    assert np.isfinite(features).all()
    _, noisier = parts_of(tissue(0.05))
    assert noisier.mean() > 1.5 * sharpness.mean()
    assert len(parts_of(np.zeros((96, 96), np.float32))[0]) == 0


def test_regression_learns_the_order_from_the_training_images_alone() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 36))
    features[3, 5] = features[50, 7] = np.nan
    features[:, 9] = np.nan
    labels = 2 + features[:, 0] + 0.5 * features[:, 1]
    merit = {"span": 4.0, "select_on": "error_and_correlation"}
    found = brisque(features, labels, FOLD, INNER, **merit)
    true = labels[40:]
    assert (srocc(found, true) or 0) > 0.7
    assert np.abs(found - true).mean() < np.abs(true - labels[:40].mean()).mean()
    turned = labels.copy()
    turned[40:] = -turned[40:]
    np.testing.assert_array_equal(brisque(features, turned, FOLD, INNER, **merit), found)
    flat = brisque(features, np.full(60, 3.0), FOLD, INNER, **merit)
    np.testing.assert_allclose(flat, 3.0, atol=1e-6)


def test_distance_is_that_of_two_gaussians() -> None:
    """Of equal covariance 1, it is the distance of the means."""
    rng = np.random.default_rng(0)

    def parts(shift: float) -> tuple[np.ndarray, np.ndarray]:
        drawn = rng.standard_normal((200, 36))
        drawn -= drawn.mean(axis=0)
        drawn = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn, rowvar=False))).T
        drawn[:, 0] += shift
        return drawn, np.ones(200)

    images = [parts(0) for _ in range(40)] + [parts(shift) for shift in range(20)]
    labels = np.linspace(4, 0, 60)
    found = niqe(images, labels, FOLD)
    np.testing.assert_allclose(found[40:], np.arange(20), atol=0.05)
    labels[40:] = 9.0  # held-out images have no say
    np.testing.assert_array_equal(niqe(images, labels, FOLD), found)


def test_only_sharp_parts_of_good_images_describe_them_and_no_part_has_no_distance() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.standard_normal((80, 36))
    dull = np.concatenate([drawn, drawn + 50])
    sharpness = np.repeat([1.0, 0.5], 80)
    nothing = (np.empty((0, 36)), np.empty(0))
    images = [(dull, sharpness)] * 40 + [nothing] + [(drawn, np.ones(80))] * 19
    labels = np.ones(60)
    found = niqe(images, labels, FOLD)
    assert np.isnan(found[40])
    np.testing.assert_allclose(found[41:], 0, atol=1e-6)
    assert np.isnan(niqe([nothing] * 60, labels, FOLD)).all()


def test_distance_rises_with_noise() -> None:
    noises = [0.01, 0.02, 0.04, 0.08] * 15
    images = [parts_of(tissue(noise, seed)) for seed, noise in enumerate(noises)]
    found = niqe(images, -np.array(noises), FOLD)
    assert (srocc(found[40:], np.array(noises)[40:]) or 0) > 0.8

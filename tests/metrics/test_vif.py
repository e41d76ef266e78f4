from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve2d

from distiliqa.ct import SOFT_TISSUE
from distiliqa.metrics import vif
from distiliqa.metrics.vif import MIN_SIDE


def as_in_the_paper(seen: np.ndarray, pristine: np.ndarray) -> float:
    """Equations of Sheikh & Bovik in the pixel domain, for values in [0, 255]."""
    image, reference = 255 * seen, 255 * pristine
    kept = present = 0.0
    for scale in range(1, 5):
        size = 2 ** (5 - scale) + 1
        offsets = np.arange(size) - size // 2
        weights = np.exp(-np.add.outer(offsets**2, offsets**2) / (2 * (size / 5) ** 2))
        weights /= weights.sum()

        def mean(values: np.ndarray, weights: np.ndarray = weights) -> np.ndarray:
            return convolve2d(values, weights, mode="valid")

        if scale > 1:
            image, reference = mean(image)[::2, ::2], mean(reference)[::2, ::2]
        signal = np.maximum(mean(reference**2) - mean(reference) ** 2, 1e-10)
        variance = np.maximum(mean(image**2) - mean(image) ** 2, 0)
        covariance = mean(image * reference) - mean(image) * mean(reference)
        gain = np.where(variance > 1e-9, np.maximum(covariance / signal, 0), 0)
        noise = np.maximum(variance - gain * covariance, 0)
        kept += np.log2(1 + gain**2 * signal / (noise + 2)).sum()
        present += np.log2(1 + signal / 2).sum()
    return kept / present


def test_is_that_of_the_paper(pair: tuple[np.ndarray, np.ndarray]):
    expected = as_in_the_paper(*(SOFT_TISSUE.apply(hu.astype(float)) for hu in pair))
    assert vif(*pair) == pytest.approx(expected, abs=1e-6)
    assert 0.1 < expected < 0.9


def test_the_best_is_one_and_noise_takes_from_it(pair: tuple[np.ndarray, np.ndarray]):
    reference = pair[1]
    noise = np.random.default_rng(0).normal(0, 1, reference.shape)
    found = [vif(reference + sd * noise, reference) for sd in (0, 5, 20, 80)]
    assert found[0] == pytest.approx(1, abs=1e-6)
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.3


def test_more_contrast_is_above_one(pair: tuple[np.ndarray, np.ndarray]):
    reference = 40 + 0.2 * (np.clip(pair[1], -135, 215) - 40)
    assert vif(40 + 1.5 * (reference - 40), reference) > 1.05


def test_only_the_mask_counts(pair: tuple[np.ndarray, np.ndarray]):
    image, reference = pair
    left = np.arange(reference.shape[1]) < 50
    half_bad = np.where(left, reference, image)
    good, bad = (np.broadcast_to(half, reference.shape) for half in (left, ~left))
    of_good, of_bad = (vif(half_bad, reference, mask=mask) for mask in (good, bad))
    assert of_good > 0.9 > 0.5 > of_bad
    assert vif(image, reference, mask=np.ones(reference.shape, bool)) == vif(image, reference)


def test_a_flat_reference_has_nothing_to_keep(pair: tuple[np.ndarray, np.ndarray]):
    assert vif(pair[0], np.full(pair[0].shape, 40.0)) is None


def test_a_mask_without_a_window_is_an_error_and_no_flat_reference(
    pair: tuple[np.ndarray, np.ndarray],
):
    edge = np.zeros(pair[0].shape, bool)
    edge[:8] = True  # half of a window of 17 pixels
    with pytest.raises(ValueError, match="too thin or too near the edge"):
        vif(*pair, mask=edge)
    edge[8, 20] = True
    assert vif(*pair, mask=edge) is not None


def test_the_smallest_side_is_the_smallest():
    values = np.random.default_rng(0).normal(40, 50, (MIN_SIDE, MIN_SIDE))
    assert vif(values, values) == pytest.approx(1, abs=1e-6)
    with pytest.raises(ValueError, match="needs 41 x 41"):
        vif(values[1:], values[1:])

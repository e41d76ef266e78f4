"""The blend of iterative reconstruction: less noise, coarser noise, and edges."""

from __future__ import annotations

import numpy as np

from distiliqa.simulate.processing.iterative_blend import smooth_with_edges
from distiliqa.simulate.processing.processing import Processing

SPACING = 0.7
STEP = np.where(np.arange(96) < 48, 20.0, 140.0)[None, :].repeat(96, 0)
NOISY = (STEP + np.random.default_rng(0).normal(0, 15, STEP.shape)).astype(np.float32)


def mean_frequency(noise: np.ndarray) -> float:
    power = np.abs(np.fft.rfft2(noise - noise.mean())) ** 2
    frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.rfftfreq(noise.shape[1]))
    return float(np.average(frequency, weights=power))


def test_noise_falls_and_gets_coarser_with_the_share() -> None:
    left = [
        Processing("iterative_blend", share).prepared(NOISY, SPACING)(NOISY)[:, :40]
        for share in (0, 0.3, 0.6, 1)
    ]
    deviations = [float(noise.std()) for noise in left]
    frequencies = [mean_frequency(noise) for noise in left]
    assert deviations == sorted(deviations, reverse=True)
    assert frequencies == sorted(frequencies, reverse=True)
    assert deviations[-1] < 0.4 * deviations[0]
    assert frequencies[-1] < 0.6 * frequencies[0]


def test_an_edge_above_the_noise_stays_sharp() -> None:
    strong = Processing("iterative_blend", 1).prepared(NOISY, SPACING)(NOISY).mean(axis=0)
    assert strong[48] - strong[47] > 80


def test_the_result_has_the_least_penalty_nearby() -> None:
    edge = np.float32(5)
    best = smooth_with_edges(NOISY, edge)

    def cost(image: np.ndarray) -> float:
        total = 0.5 * float(np.square(image - NOISY, dtype=np.float64).sum())
        for down, right, near in ((0, 1, 1), (1, 0, 1), (1, 1, 0.5**0.5), (1, -1, 0.5**0.5)):
            first = image[: 96 - down, max(-right, 0) : 96 - max(right, 0)]
            second = image[down:, max(right, 0) : 96 - max(-right, 0)]
            gap = np.abs(first - second).astype(np.float64)
            huber = np.where(gap < edge, gap**2 / 2, edge * (gap - edge / 2))
            total += 4 * near * float(huber.sum())
        return total

    rng = np.random.default_rng(1)
    assert cost(best) < 0.5 * cost(NOISY)
    for _ in range(5):
        assert cost(best) < cost(best + rng.normal(0, 2, best.shape).astype(np.float32))

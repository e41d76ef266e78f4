"""What the tasks see of noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq

from distiliqa.lab.label.tasks import Tasks, tasks_on
from distiliqa.simulate.kernels import STANDARD

SIZE, SPACING = 256, 0.8


@pytest.fixture
def tasks() -> Tasks:
    return tasks_on((SIZE, SIZE), SPACING)


def test_noise_of_a_standard_kernel_keeps_its_deviation(tasks: Tasks) -> None:
    frequency = np.hypot(fftfreq(SIZE, SPACING)[:, None], rfftfreq(SIZE, SPACING))
    amplitude = np.sqrt(frequency) * 2.0 ** -((frequency / STANDARD.half) ** STANDARD.order)
    drawn = np.random.default_rng(0).standard_normal((SIZE, SIZE))
    noise = irfft2(rfft2(drawn) * amplitude, s=drawn.shape)

    power = tasks.power(10 * noise / noise.std())

    assert power.mean(axis=(1, 2)) == pytest.approx(100, rel=0.1)


def test_blotches_count_more_than_white_noise(tasks: Tasks) -> None:
    white = np.random.default_rng(0).standard_normal((SIZE, SIZE))
    low = rfft2(white) * (np.hypot(fftfreq(SIZE)[:, None], rfftfreq(SIZE)) < 0.1)
    blotches = irfft2(low, s=white.shape)

    ratio = tasks.power(blotches / blotches.std()).mean() / tasks.power(white / white.std()).mean()

    assert ratio > 2


def test_an_offset_is_no_error(tasks: Tasks) -> None:
    assert tasks.power(np.full((SIZE, SIZE), 50.0)).max() < 1e-3


def test_blobs_are_no_smaller_than_pixels_can_show() -> None:
    coarse = tasks_on((SIZE, SIZE), 2.0)

    assert min(coarse.sizes) == pytest.approx(0.7)
    assert max(coarse.sizes) == pytest.approx(1.0)

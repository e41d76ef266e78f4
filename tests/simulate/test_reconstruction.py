"""Filtered back-projection, and its noise against theory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.projector import project
from distiliqa.simulate.reconstruction import filtered_back_projection, noise_variance
from distiliqa.simulate.scanners import FanBeam, ParallelBeam

PARALLEL = ParallelBeam(channels=300, pitch=1.6, views=200, quarter_offset=0.25)


@pytest.mark.parametrize("views", [288, 290, 289])
def test_a_fan_gives_the_body_back(body: Tensor, fan: FanBeam, views: int) -> None:
    fan = replace(fan, views=views, first_view=0.4)
    attenuation = 1 + body / 1000
    found = filtered_back_projection(project(attenuation, 3.0, fan), 96, 3.0, fan)
    error = (found - attenuation)[body > -200] * 1000
    assert abs(float(error.mean())) < 2
    assert float(error.std()) < 12


@pytest.mark.parametrize("views", [200, 201])
def test_parallel_beams_give_the_body_back(body: Tensor, views: int) -> None:
    beams = replace(PARALLEL, views=views)
    attenuation = 1 + body / 1000
    found = filtered_back_projection(project(attenuation, 3.0, beams), 96, 3.0, beams)
    error = (found - attenuation)[body > -200] * 1000
    assert abs(float(error.mean())) < 2
    assert float(error.std()) < 12


@pytest.mark.parametrize("kernel", [RAMP, Kernel(0.1)])
def test_noise_variance_is_that_of_noise(fan: FanBeam, kernel: Kernel) -> None:
    offset = torch.from_numpy(fan.rays().offset).float().expand(fan.views, -1)
    deviation = 1 + (offset / 250) ** 2  # more at the edge
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(60, fan.views, fan.channels, generator=generator) * deviation
    noise = filtered_back_projection(draws, 60, 5.0, fan, kernel)
    found = noise.square().mean(0)
    expected = noise_variance(deviation.square(), 60, 5.0, fan, kernel)
    for part in (np.s_[25:35, 25:35], np.s_[5:15, 25:35]):
        assert float(found[part].mean()) == pytest.approx(float(expected[part].mean()), rel=0.06)


def test_noise_power_spectrum_is_that_of_theory(fan: FanBeam) -> None:
    """White noise at the detector has the spectrum f * apodization**2 in the slice."""
    kernel, size, spacing = Kernel(0.2, 2.0), 128, 1.0
    generator = torch.Generator().manual_seed(1)
    fine = replace(fan, channels=480, pitch=1.972)
    draws = torch.randn(8, fan.views, 480, generator=generator)
    noise = filtered_back_projection(draws, size, spacing, fine, kernel).numpy()
    window = np.outer(np.hanning(size), np.hanning(size))
    power = np.square(np.abs(np.fft.fft2(noise * window))).mean(0)
    axis = np.fft.fftfreq(size, spacing)
    frequency = np.hypot(axis, axis[:, None])
    rings = np.arange(0.06, 0.36, 0.03)
    found = np.array([power[np.abs(frequency - ring) < 0.01].mean() for ring in rings])
    theory = rings * kernel.apodization(rings) ** 2
    np.testing.assert_allclose(found / found.sum(), theory / theory.sum(), atol=0.02)


def test_few_views_leave_streaks(body: Tensor, fan: FanBeam) -> None:
    errors = []
    for views in (288, 96, 48):
        sparse = replace(fan, views=views)
        found = filtered_back_projection(project(1 + body / 1000, 3.0, sparse), 96, 3.0, sparse)
        errors.append(float((found - 1 - body / 1000)[body > -200].std()))
    assert errors[2] > 1.5 * errors[1] > 3 * errors[0]

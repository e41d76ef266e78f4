"""The ramp and its noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.ramp_filter import UPSAMPLING, filter_response, filtered, noise_gain
from distiliqa.simulate.scanners import FanBeam, ParallelBeam

BEAM = ParallelBeam(channels=200, pitch=1.5, views=4)


def test_the_filter_is_a_ramp_times_the_kernel() -> None:
    kernel = Kernel(0.2, 2.0)
    frequency = np.fft.rfftfreq(512, 1.5)
    np.testing.assert_allclose(filter_response(BEAM, 512), frequency, atol=1e-3)
    expected = frequency * kernel.apodization(frequency)
    np.testing.assert_allclose(filter_response(BEAM, 512, kernel), expected, atol=1e-3)


@pytest.mark.parametrize("kernel", [RAMP, Kernel(0.15)])
def test_the_gain_is_the_variance_of_filtered_noise(kernel: Kernel) -> None:
    noise = np.random.default_rng(0).standard_normal((300, 4, 200)).astype(np.float32)
    middle = filtered(noise, BEAM, kernel)[..., 80 * UPSAMPLING : 120 * UPSAMPLING : UPSAMPLING]
    assert middle.dtype == np.float32
    assert middle.var() == pytest.approx(noise_gain(BEAM, kernel), rel=0.03)


@pytest.mark.parametrize(
    "geometry", [BEAM, FanBeam(595.0, 1085.6, channels=200, pitch=4.0, views=4)]
)
def test_numpy_and_torch_filter_alike(geometry: ParallelBeam | FanBeam) -> None:
    lines = np.random.default_rng(1).standard_normal((2, 4, 200)).astype(np.float32)
    found = filtered(lines, geometry, Kernel(0.2))
    expected = filtered(torch.from_numpy(lines), geometry, Kernel(0.2)).numpy()
    assert found.shape == (2, 4, 200 * UPSAMPLING)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())

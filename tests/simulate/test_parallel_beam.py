"""One slice through parallel beams with NumPy, against closed forms and against torch."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from distiliqa.simulate import projector, reconstruction
from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.parallel_beam import filtered_back_projection, noise_variance, project
from distiliqa.simulate.scanners import ParallelBeam

BEAMS = ParallelBeam(channels=300, pitch=1.6, views=200, quarter_offset=0.25)


def test_line_integrals_of_a_gaussian() -> None:
    width, x, y, spacing = 8.0, 9.0, -14.0, 1.5
    row, column = np.mgrid[:64, :64] - 32.0
    distance = np.hypot(column * spacing - x, -row * spacing - y)
    image = np.exp(-((distance / width) ** 2) / 2).astype(np.float32)
    found = project(image, spacing, BEAMS)
    angle, offset = BEAMS.rays()
    off = offset - x * np.cos(angle) - y * np.sin(angle)
    exact = width * math.sqrt(2 * math.pi) * np.exp(-((off / width) ** 2) / 2)
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() < 0.01 * exact.max()


@pytest.mark.parametrize("views", [200, 201])
def test_the_body_comes_back(body: torch.Tensor, views: int) -> None:
    beams, attenuation = replace(BEAMS, views=views), 1 + body[0].numpy() / 1000
    found = filtered_back_projection(project(attenuation, 3.0, beams), 96, 3.0, beams)
    error = (found - attenuation)[body[0].numpy() > -200] * 1000
    assert abs(error.mean()) < 2
    assert error.std() < 12


@pytest.mark.parametrize(("size", "views"), [(96, 200), (95, 201), (64, 90)])
def test_torch_finds_the_same(body: torch.Tensor, size: int, views: int) -> None:
    beams = replace(BEAMS, views=views)
    image = 1 + body[0, :size, :size] / 1000
    lines = projector.project(image, 3.0, beams)
    found = project(image.numpy(), 3.0, beams)
    np.testing.assert_allclose(found, lines, atol=2e-5 * float(lines.max()))
    draws = torch.randn(lines.shape, generator=torch.Generator().manual_seed(0))
    for kernel in (RAMP, Kernel(0.12)):
        by_torch = reconstruction.filtered_back_projection(draws, size, 3.0, beams, kernel)
        slice_ = filtered_back_projection(draws.numpy(), size, 3.0, beams, kernel)
        assert slice_.dtype == np.float32
        # A few positions round to another sample, each in one of the views.
        difference = np.abs(slice_ - by_torch.numpy()) / float(by_torch.std())
        assert difference.max() < 0.2
        assert difference.mean() < 1e-3


def test_torch_finds_the_same_noise() -> None:
    variance = (1 + np.linspace(-2, 2, 300) ** 2)[None].repeat(200, 0).astype(np.float32)
    found = noise_variance(variance, 60, 5.0, BEAMS, Kernel(0.1))
    args = 60, 5.0, BEAMS, Kernel(0.1)
    expected = reconstruction.noise_variance(torch.from_numpy(variance), *args).numpy()
    np.testing.assert_allclose(found, expected, rtol=2e-3)
    draws = np.random.default_rng(0).standard_normal((40, 200, 300)) * variance**0.5
    noise = [filtered_back_projection(one.astype(np.float32), *args) for one in draws]
    middle = np.s_[20:40, 20:40]
    measured = np.square(noise)[:, 20:40, 20:40].mean()
    assert measured == pytest.approx(float(found[middle].mean()), rel=0.06)

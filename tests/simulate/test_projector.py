"""Line integrals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.transform import radon

from distiliqa.simulate.projector import project
from distiliqa.simulate.scanners import FanBeam, ParallelBeam

FAN = FanBeam(595.0, 1085.6, channels=60, pitch=3.0, views=50, first_view=0.3)
PARALLEL = ParallelBeam(channels=71, pitch=1.3, views=45, quarter_offset=0.25)


@pytest.mark.parametrize("geometry", [FAN, PARALLEL])
def test_line_integrals_of_a_gaussian(geometry: FanBeam | ParallelBeam) -> None:
    width, x, y, spacing = 8.0, 9.0, -14.0, 1.5
    row, column = torch.meshgrid(*[torch.arange(64.0) - 32] * 2, indexing="ij")
    distance = torch.hypot(column * spacing - x, -row * spacing - y)
    found = project(torch.exp(-((distance / width) ** 2) / 2), spacing, geometry)
    angle, offset = geometry.rays()
    off = offset - x * np.cos(angle) - y * np.sin(angle)
    exact = width * math.sqrt(2 * math.pi) * np.exp(-((off / width) ** 2) / 2)
    assert np.abs(found.numpy() - exact).max() < 0.01 * exact.max()


def test_agrees_with_scikit_image() -> None:
    row, column = np.mgrid[:80, :80] - 40
    image = np.exp(-((row - 9) ** 2 + (column + 5) ** 2) / 60) + (
        np.exp(-((row + 14) ** 2 / 90 + (column - 8) ** 2 / 20))
    )
    angles = np.arange(30) * 6.0
    expected = radon(image, angles, circle=True).T
    geometry = ParallelBeam(channels=80, pitch=1.0, views=30, quarter_offset=0.5)
    found = project(torch.from_numpy(image), 1.0, geometry).numpy()
    assert np.linalg.norm(found - expected) < 0.005 * np.linalg.norm(expected)


def test_integrals_are_in_mm(body: torch.Tensor, fan: FanBeam) -> None:
    half = project(body + 1000, 1.0, fan).max()
    assert float(project(body + 1000, 2.0, fan).max()) == pytest.approx(2 * float(half), rel=0.05)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="compares a GPU, which is missing here")
def test_a_gpu_agrees(body: torch.Tensor, fan: FanBeam) -> None:
    here, there = project(body, 3.0, fan), project(body.cuda(), 3.0, fan).cpu()
    assert torch.allclose(here, there, rtol=1e-3, atol=1.0)

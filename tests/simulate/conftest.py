"""A small scan of a small body."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.noise import Beam
from distiliqa.simulate.scanners import FanBeam

SIZE, SPACING = 96, 3.0


@pytest.fixture(scope="session")
def fan() -> FanBeam:
    """A fan that sees 500 mm with a sixth of the channels of a scanner."""
    return FanBeam(595.0, 1085.6, channels=240, pitch=3.943, views=288)


@pytest.fixture(scope="session")
def made(fan: FanBeam) -> Acquisition:
    return Acquisition(fan, Beam(), Kernel(0.12))


@pytest.fixture(scope="session")
def body() -> Tensor:
    """A body with two bones and a lung, float32, (1, 96, 96), HU; smooth as CT slices are."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    hu = np.full((SIZE, SIZE), -1000.0)
    hu[np.hypot(x / 38, y / 28) < 1] = 40
    hu[np.hypot(x - 16, y + 4) < 9] = -700
    hu[np.hypot(x, y - 16) < 6] = 500
    hu[np.hypot(x + 22, y) < 4] = 700
    spectrum = np.fft.rfft2(hu)
    frequency = np.hypot(np.fft.fftfreq(SIZE)[:, None], np.fft.rfftfreq(SIZE))
    smooth = np.fft.irfft2(spectrum * np.exp(-((frequency / 0.25) ** 2)), hu.shape)
    return torch.from_numpy(smooth.astype(np.float32))[None]

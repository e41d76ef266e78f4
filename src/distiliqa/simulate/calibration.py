"""How many photons a slice was made with, from the noise in the slice."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from torch import Tensor

from distiliqa.metrics.noise_map import box_size, soft_tissue_boxes
from distiliqa.simulate.geometry import Geometry
from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.noise import HU_PER_ATTENUATION, Beam, incident_photons
from distiliqa.simulate.reconstruction import noise_variance

_COARSE = 4  # noise varies slowly: it is predicted for every fourth pixel
_DETAIL = 3  # pixels: what varies over more may be anatomy
_FEWEST_BOXES = 10  # 4 pixels apart
_ROUNDS = 3  # the read-out's share of the noise changes with the photons


def calibrate(
    hu: NDArray[np.floating],
    spacing_mm: float,
    integrals: Tensor,
    geometry: Geometry,
    beam: Beam,
    kernel: Kernel,
) -> Beam:
    """The beam with as many photons as give the noise that the slice has in its soft tissue.

    Parameters
    ----------
    hu : (size, size), HU.
    integrals : (views, channels), the slice's line integrals.
    kernel : what the slice was made with.

    Returns
    -------
    ``beam`` with other photons; as it is for a slice with too little soft tissue to measure.
    """
    axis = hu.shape[0] // 2  # the axis of rotation is a pixel of the coarse grid too
    grid = slice(axis % _COARSE, None, _COARSE)
    tissue = soft_tissue_boxes(hu, (spacing_mm, spacing_mm))[grid, grid]
    if np.count_nonzero(tissue) < _FEWEST_BOXES:
        return beam
    measured = _noise(hu, spacing_mm, kernel)[grid, grid][tissue]
    counts = incident_photons(integrals, geometry, beam) * torch.exp(-integrals)
    parts = torch.stack([1 / counts, (beam.electronic / counts) ** 2])
    coarse = 2 * (axis // _COARSE) + 5
    maps = noise_variance(parts, coarse, spacing_mm * _COARSE, geometry, kernel).cpu().numpy()
    quanta, readout = maps[:, 2:, 2:][:, : len(tissue), : len(tissue)][:, tissue]
    times = 1.0
    for _ in range(_ROUNDS):
        predicted = HU_PER_ATTENUATION * np.sqrt(quanta / times + readout / times**2)
        times /= float(np.median(measured / predicted)) ** 2
    return replace(beam, photons=beam.photons * times)


def _noise(hu: NDArray[np.floating], spacing_mm: float, kernel: Kernel) -> NDArray[np.float64]:
    """Standard deviation of the noise around each pixel, told by its finest detail."""
    values = hu.astype(np.float64)
    detail = values - uniform_filter(values, _DETAIL)
    variance = uniform_filter(detail**2, box_size((spacing_mm, spacing_mm)))
    return np.sqrt(np.maximum(variance, 1e-6) / _share_of_detail(kernel, spacing_mm))


def _share_of_detail(kernel: Kernel, spacing_mm: float) -> float:
    """Share of the noise's variance that is left when the mean around each pixel is taken off."""
    reach = max(1, math.ceil(1.5 * kernel.half * spacing_mm))
    axis = np.linspace(-reach, reach, 256 * reach + 1)  # cycles a pixel
    offsets = np.arange(_DETAIL) - _DETAIL // 2
    mean = np.cos(2 * np.pi * axis[:, None] * offsets).mean(1)
    frequency = np.hypot(axis, axis[:, None]) / spacing_mm
    power = frequency * 4.0 ** -((frequency / kernel.half) ** kernel.order)
    return float(np.sum(power * (1 - np.outer(mean, mean)) ** 2) / np.sum(power))

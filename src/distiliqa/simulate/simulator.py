"""Simulation of a worse acquisition of the same patient, from slices alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.change import Change
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.processing.non_local_means import NO_NOISE, denoised
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.threads import one_core_per_operation

_NEIGHBORHOOD_MM = 6.0  # standard deviation of the Gaussian; a few streaks wide
_MIN_STRUCTURE_HU = 1e-2


@one_core_per_operation()
def degrade(
    hu: Tensor,
    spacing_mm: float,
    acquisition: Acquisition,
    degradation: Degradation,
    seeds: Sequence[int],
) -> Tensor:
    """Degrade slices as a worse acquisition would show them.

    Parameters
    ----------
    hu : float32, (n, rows, columns), HU, on the CPU or a GPU. Padding outside the field of view
        stays as it is.
    spacing_mm : pixel spacing, mm.
    seeds : of the noise, one for each slice: the same on every device and in every batch.

    Returns
    -------
    float32, (n, rows, columns), HU.
    """
    return Change(hu, spacing_mm, acquisition, degradation, seeds).shown()


def degraded(
    hu: NDArray[np.float32],
    spacing_mm: float,
    made: Acquisition,
    worse: Degradation,
    noise: int,
    process: Sequence[Processing] = (),
) -> NDArray[np.int32]:
    """`degrade` for one slice, (rows, columns), HU, rounded as files hold it.

    Parameters
    ----------
    noise : a `noise_seed`.
    process : processing of the degraded image, one after the other, with the seeds that follow
        ``noise``: of ``noise`` itself places and directions in the scan are drawn.
    """
    image = degrade(torch.from_numpy(hu)[None], spacing_mm, made, worse, [noise])[0].numpy()
    for place, processing in enumerate(process, start=1):
        drawn = replace(processing, seed=noise + place)
        image = drawn.prepared(image, spacing_mm)(image)
    return np.rint(image).astype(np.int32)


class Degraded(NamedTuple):
    """Degraded slices, and their error in two parts; all (n, rows, columns), HU.

    Attributes
    ----------
    image : the result of `degrade`.
    noise : error that two scans would not share, with the noise of the slice itself. It has the
        blur of a denoiser and of motion too.
    structure : error that every such scan would show: streaks, rings, metal, shading. For a
        denoised image, the part that is left.
    """

    image: Tensor
    noise: Tensor
    structure: Tensor


@one_core_per_operation()
def degrade_in_parts(
    hu: Tensor,
    spacing_mm: float,
    acquisition: Acquisition,
    degradation: Degradation,
    seeds: Sequence[int],
) -> Degraded:
    """`degrade`, with the error of the image split into noise and structure.

    The noise of the slice itself cannot be separated from its anatomy. So as much is drawn again:
    the noise is that of a degraded scan of a noise-free patient of the same anatomy, which a
    denoiser sees too. A change of kernel counts by its effect on noise, not as a fault.
    """
    change = Change(hu, spacing_mm, acquisition, degradation, seeds)
    silent = replace(acquisition, beam=replace(acquisition.beam, photons=math.inf))
    image, expected = change.shown(), change.scanned_by(silent).reconstructed()
    scanned = change.scanned_by(replace(acquisition, noise_free=True)).reconstructed()
    kernel = Change(hu, spacing_mm, silent, Degradation(kernel=degradation.kernel), seeds).shown()
    error, structure = scanned - kernel, expected - kernel - change.of_motion()
    if degradation.smoothing:
        clean = denoised(hu, spacing_mm, NO_NOISE)
        error = denoised(clean + error, spacing_mm, degradation.smoothing) - clean
        structure = structure * _share_left(structure, error, _NEIGHBORHOOD_MM / spacing_mm)
    return Degraded(image, noise=error - structure, structure=structure)


def _share_left(structure: Tensor, error: Tensor, deviation: float) -> Tensor:
    """Share of the structure that the error has around each pixel, 0 to 1: (n, rows, columns).

    It is local, because a denoiser keeps strong streaks and removes weak ones.
    """

    def near(values: Tensor) -> Tensor:
        return gaussian_filter(values.numpy(), (0, deviation, deviation))

    power, common = near((structure**2).cpu()), near((structure * error).cpu())
    share = (common / np.maximum(power, _MIN_STRUCTURE_HU**2)).clip(0, 1)
    return torch.from_numpy(share).to(structure)

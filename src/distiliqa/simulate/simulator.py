"""From slices to what a worse acquisition of the same patient would have shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.change import Change
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.faults import NO_NOISE, denoised
from distiliqa.simulate.threads import one_core_each

_NEIGHBOURHOOD_MM = 6.0  # standard deviation of the Gaussian; a few streaks wide
_WEAKEST_HU = 1e-2


@one_core_each()
def degrade(
    hu: Tensor,
    spacing_mm: float,
    acquisition: Acquisition,
    degradation: Degradation,
    seeds: Sequence[int],
) -> Tensor:
    """Slices as a worse acquisition would show them.

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


class Degraded(NamedTuple):
    """Degraded slices, and what is wrong with them in two parts; (n, rows, columns) each, HU.

    Attributes
    ----------
    image : what `degrade` gives.
    noise : all of the noise, that of the slice itself included: what two scans would not share.
        Of a denoised image it is what is left of the noise, and the blur; of a patient who moves
        the blur too.
    structure : what every such scan would show: streaks, motion, rings, metal, shading. Of a
        denoised image, as much of it as is left.
    """

    image: Tensor
    noise: Tensor
    structure: Tensor


@one_core_each()
def degrade_in_parts(
    hu: Tensor,
    spacing_mm: float,
    acquisition: Acquisition,
    degradation: Degradation,
    seeds: Sequence[int],
) -> Degraded:
    """`degrade`, with the error of the image split into noise and structure.

    The slice's own noise cannot be told from its anatomy. As much is drawn anew: the noise is that
    of the degraded scan of a noise-free patient of the same anatomy, which a denoiser sees too. A
    change of kernel counts by what it does to the noise, not as a fault of its own.
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
        structure = structure * _share_left(structure, error, _NEIGHBOURHOOD_MM / spacing_mm)
    return Degraded(image, noise=error - structure, structure=structure)


def _share_left(structure: Tensor, error: Tensor, deviation: float) -> Tensor:
    """How much of the structure is in the error about each pixel, 0 to 1: (n, rows, columns).

    Place by place, since a denoiser leaves strong streaks and takes weak ones.
    """

    def near(values: Tensor) -> Tensor:
        return gaussian_filter(values.numpy(), (0, deviation, deviation))

    power, common = near((structure**2).cpu()), near((structure * error).cpu())
    share = (common / np.maximum(power, _WEAKEST_HU**2)).clip(0, 1)
    return torch.from_numpy(share).to(structure)

"""What is wrong with a simulated image, against the slice that it was made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.simulator import Degradation, degrade


class Faults(NamedTuple):
    """The error of degraded slices in two parts, (n, rows, columns) each, HU.

    Attributes
    ----------
    noise : all of the noise, that of the slice itself included: what two scans would not share.
    structure : what every such scan would show: streaks, motion, rings, metal, shading, blur.
    """

    noise: Tensor
    structure: Tensor


def faults(
    hu: Tensor,
    spacing_mm: float,
    acquisition: Acquisition,
    degradation: Degradation,
    seeds: Sequence[int],
) -> Faults:
    """Split the error of what `degrade` gives for the same arguments.

    The slice's own noise cannot be told from its anatomy. As much is drawn anew: the noise is that
    of the degraded scan of a noise-free patient of the same anatomy. A change of kernel counts by
    what it does to the noise, not as a fault of its own.
    """
    silent = replace(acquisition, beam=replace(acquisition.beam, photons=math.inf))
    noise_free = replace(acquisition, noise_free=True)
    expected = degrade(hu, spacing_mm, silent, replace(degradation, dose=1.0), seeds)
    scanned = degrade(hu, spacing_mm, noise_free, degradation, seeds)
    kernel = degrade(hu, spacing_mm, silent, Degradation(kernel=degradation.kernel), seeds)
    return Faults(noise=scanned - expected, structure=expected - kernel)

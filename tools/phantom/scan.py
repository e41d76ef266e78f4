"""Scans of one slice at a lower dose, as arrays, by `distiliqa.simulate.simulator`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.noise import Beam
from distiliqa.simulate.simulator import degrade


def lower_dose(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    dose: float,
    *,
    seed: int,
    acquisition: Acquisition | None = None,
) -> NDArray[np.float32]:
    """The slice as a scan at ``dose`` of its own dose would show it.

    Parameters
    ----------
    hu : (rows, columns), HU; padding outside the field of view stays as it is.
    spacing_mm : pixel spacing (between rows, between columns), mm.
    dose : relative dose in (0, 1].
    seed : seed of the noise.
    acquisition : how the slice was made; found out from its noise if not given.

    Returns
    -------
    float32, (rows, columns), HU.
    """
    worse = Degradation(dose=dose)
    if acquisition is None:
        acquisition = acquisition_of(hu, spacing_mm[0])
    return _degrade(hu, spacing_mm, acquisition, worse, seed)


def scan(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    dose: float = 1.0,
    *,
    seed: int,
    acquisition: Acquisition | None = None,
) -> NDArray[np.float32]:
    """A noise-free slice as a scan at the relative ``dose`` shows it; else as `lower_dose`."""
    if not dose > 0:
        raise ValueError(f"relative dose must be positive, not {dose}")
    made = acquisition or Acquisition()
    beam: Beam = replace(made.beam, photons=made.beam.photons * dose)
    made = replace(made, beam=beam, noise_free=True)
    return _degrade(hu, spacing_mm, made, Degradation(), seed)


def _degrade(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    made: Acquisition,
    worse: Degradation,
    seed: int,
) -> NDArray[np.float32]:
    image = torch.from_numpy(hu.astype(np.float32))[None]
    return degrade(image, spacing_mm[0], made, worse, [seed])[0].numpy()

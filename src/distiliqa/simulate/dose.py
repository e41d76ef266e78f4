"""A lower dose from one slice: noise is inserted into its line integrals.

After the logarithm, a ray with line integral p that N0 photons enter has the variance

    exp(p) / N0  +  (electronic * exp(p) / N0) ** 2

(quantum and electronic noise; Yu et al., J Comput Assist Tomogr 2012,
doi 10.1097/RCT.0b013e318258e891; Zabic et al., Med Phys 2013, doi 10.1118/1.4789628). A scan at the
relative dose d has d * N0 photons; what it has more than the full dose is drawn, reconstructed by
filtered back-projection, and added to the slice.

The geometry is a parallel beam without a bow-tie filter, and the inserted noise has the texture
of a Hann filter whatever kernel the slice was made with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce
from skimage.transform import iradon, radon, resize

from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU
from distiliqa.metrics.noise_level import global_noise_level

WATER_PER_MM = 0.0193  # linear attenuation of water at 70 keV, the mean energy of a 120 kV beam
PHOTONS = 1.0e6  # a ray at full dose: about 10 HU in the middle of an abdomen
ELECTRONIC = 10.0  # standard deviation of the read-out of a ray, in photons
LOWEST_HU = -1024.0  # a scanner stores no less than this
_VIEWS = 720
_COARSE = 4  # line integrals are smooth enough to be taken on a grid this much coarser


def lower_dose(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    dose: float,
    *,
    seed: int,
    photons: float = PHOTONS,
    calibrate: bool = False,
) -> NDArray[np.float32]:
    """The slice as a scan at ``dose`` of its own dose would show it.

    Parameters
    ----------
    hu : (rows, columns), HU; padding outside the field of view stays as it is.
    spacing_mm : pixel spacing (between rows, between columns), mm.
    dose : relative dose in (0, 1].
    seed : seed of the noise.
    photons : photons that enter a ray at full dose.
    calibrate : scale the inserted noise to ``sqrt(1 / dose - 1)`` times the noise measured in the
        soft tissue of the slice, so that ``photons`` only sets how much of it is electronic.
        A slice without soft tissue is left uncalibrated.

    Returns
    -------
    float32, (rows, columns), HU.
    """
    if not 0 < dose <= 1:
        raise ValueError(f"relative dose must lie in (0, 1], not {dose}")
    if dose == 1:
        return hu.astype(np.float32)
    quantum = (1 / dose - 1) / photons
    electronic = (1 / dose**2 - 1) * (ELECTRONIC / photons) ** 2
    noise = _noise(hu, spacing_mm, quantum, electronic, seed)
    present = global_noise_level(hu, spacing_mm) if calibrate else None
    inserted = global_noise_level(noise, spacing_mm, tissue=hu) if present else None
    if present and inserted:
        noise *= present * np.sqrt(1 / dose - 1) / inserted
    return _add(hu, noise)


def scan(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    dose: float = 1.0,
    *,
    seed: int,
    photons: float = PHOTONS,
) -> NDArray[np.float32]:
    """A noise-free slice as a scan at the relative ``dose`` shows it; else as `lower_dose`."""
    if not dose > 0:
        raise ValueError(f"relative dose must be positive, not {dose}")
    entering = dose * photons
    noise = _noise(hu, spacing_mm, 1 / entering, (ELECTRONIC / entering) ** 2, seed)
    return _add(hu, noise)


def _noise(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    quantum: float,
    electronic: float,
    seed: int,
) -> NDArray[np.float64]:
    """Reconstructed noise, HU, of line integrals p of variance quantum e^p + electronic e^2p."""
    side = -(-max(hu.shape) // _COARSE) * _COARSE
    square = np.full((side, side), -1000.0)
    square[: hu.shape[0], : hu.shape[1]] = np.maximum(hu, -1000.0)
    per_pixel = WATER_PER_MM * spacing_mm[0]
    angles = np.linspace(0.0, 180.0, _VIEWS, endpoint=False)

    attenuation = block_reduce(1 + square / 1000, (_COARSE, _COARSE), np.mean)
    coarse = radon(attenuation, angles, circle=False) * per_pixel * _COARSE  # (detectors, views)
    transmitted = np.exp(-resize(coarse, (int(np.ceil(side * np.sqrt(2))), _VIEWS), order=1))
    deviation = np.sqrt(quantum / transmitted + electronic / transmitted**2)
    draws = np.random.default_rng(seed).standard_normal(deviation.shape)
    noise = iradon(deviation * draws, angles, output_size=side, filter_name="hann", circle=False)
    return noise[: hu.shape[0], : hu.shape[1]] * 1000 / per_pixel


def _add(hu: NDArray[np.floating], noise: NDArray[np.float64]) -> NDArray[np.float32]:
    noisy = np.maximum(hu + noise, LOWEST_HU)
    return np.where(hu < FIELD_OF_VIEW_FLOOR_HU, hu, noisy).astype(np.float32)

"""Noise in line integrals: photons, read-out, and correction for photon starvation.

Behind a line integral p, ``incident * exp(-p)`` photons arrive. The count varies by that number
(quanta) and by the read-out. Photons are noise-equivalent ones here: that allows for the weights of
an energy-integrating detector, a compound Poisson process. A scan at dose d would count

    mean d * incident * exp(-p),    variance d * incident * exp(-p) + electronic**2.

A full-dose scan scaled to that mean already has d**2 times its own variance. The rest,

    d (1 - d) incident exp(-p) + (1 - d**2) electronic**2,

is added, so that the sum is that of the lower dose (Yu et al., J Comput Assist Tomogr 2012,
doi 10.1097/RCT.0b013e318258e891; Zabic et al., Med Phys 2013, doi 10.1118/1.4789628). The
noise of a slice that was made from more views is that of the mean over more rays, and is scaled by
the share of the views.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from operator import add

from distiliqa.simulate.arrays import Array, kth_lowest, like, namespace, neighbors
from distiliqa.simulate.attenuation import WATER_PER_MM
from distiliqa.simulate.scanners import ParallelBeam

MIN_DOSE = 1e-3  # with fewer photons hardly any pass the body, and no image comes of them

# Of one reading: 3500 electrons, at 17 electrons a keV and 70 keV a photon (the scanner of XCIST,
# Wu et al., Phys Med Biol 2022, doi 10.1088/1361-6560/ac9174).
_READOUT = 3500 / 17 / 70
_ROW_MM = 0.6
_FOCAL_SPOTS = 2
_TYPICAL_THICKNESS_MM = 3.0


def readout(thickness_mm: float = _TYPICAL_THICKNESS_MM) -> float:
    """Standard deviation of the read-out of a ray, photons, for a slice of this thickness.

    A ray is the sum of readings: of detector rows, 0.6 mm each at the axis of rotation, and of two
    positions of the focal spot.
    """
    return _READOUT * math.sqrt(_FOCAL_SPOTS * max(1.0, thickness_mm / _ROW_MM))


@dataclass(frozen=True)
class Beam:
    """Photons that enter the patient, and how they are counted.

    Attributes
    ----------
    photons : noise-equivalent photons that enter a ray through the axis of rotation at full dose;
        infinity for a scan without noise.
    electronic : standard deviation of the read-out of a ray, photons, see `readout`.
    bowtie_radius : the bow-tie filter compensates half of the missing thickness of a water cylinder
        of this radius (mm) away from its middle, up to 0.9 of the radius; 0 is no filter. 182 mm is
        within 0.1 of the line integrals of the large filter of XCIST, see `readout`.
    modulation : angular tube current modulation: the current follows the attenuation of the view
        to this power. 0 is none, 0.5 gives the least noise for the dose (Gies et al., Med Phys
        1999, doi 10.1118/1.598779).
    crosstalk : share of a channel's quanta that each neighbor counts.
    """

    photons: float = 1.0e6
    electronic: float = readout()
    bowtie_radius: float = 182.0
    modulation: float = 0.5
    crosstalk: float = 0.0


def incident_photons(integrals: Array, sorted_rays: ParallelBeam, beam: Beam) -> Array:
    """Photons that enter each ray at full dose: (..., views, channels).

    Parameters
    ----------
    integrals : (..., views, channels), along the rays.
    sorted_rays : those of the scan, as `FanBeam.parallel` sorts them.
    """
    xp = namespace(integrals)
    offset = like(sorted_rays.channel_positions(), integrals)
    share = like(sorted_rays.rays_of_fan, integrals) * xp.exp(-_bowtie(offset, beam.bowtie_radius))
    # A high value, not the highest, which may be metal.
    thickest = kth_lowest(integrals, round(0.95 * sorted_rays.channels))
    mean = xp.mean(thickest, -2, keepdims=True)
    current = xp.exp(beam.modulation * (thickest - mean))
    return beam.photons * share * (current / xp.mean(current, -2, keepdims=True))


_BOWTIE_FLAT = 0.905  # of the radius: beyond, the filter is as thick as there


def _bowtie(offset: Array, radius: float) -> Array:
    """Attenuation of the bow-tie filter at offsets from the axis, mm."""
    within = abs(offset).clip(max=_BOWTIE_FLAT * radius)
    missing = radius - (radius**2 - within**2) ** 0.5
    return WATER_PER_MM * missing  # half of twice the missing half chord


def lower_dose(
    integrals: Array,
    incident: Array,
    beam: Beam,
    dose: float,
    draws: Array,
    added: Array | None = None,
    own: float = 1.0,
) -> Array:
    """Line integrals of a scan at a relative dose from `MIN_DOSE` to 1.

    Parameters
    ----------
    integrals : (..., views, channels), as measured at full dose.
    incident : photons that enter each ray at full dose.
    draws : (2, ..., views, channels), standard normal: for the quanta, and for the read-out.
    added : line integrals of metal, if there is any; they reduce photons as a lower dose does.
    own : variance of the noise that the slice has, relative to that of full dose with these views:
        0 for a noise-free slice, else 1 or the share of the views.
    """
    xp = namespace(integrals)
    share = dose if added is None else dose * xp.exp(-added)  # of those that arrived at full dose
    mean = share * incident * xp.exp(-integrals)
    quanta = ((1 - own * share) * mean) ** 0.5 * _spread(draws[0], beam.crosstalk)
    readout = beam.electronic * (1 - own * share**2) ** 0.5 * draws[1]
    counts = _rescue(mean + quanta + readout, beam.electronic)
    return -xp.log(counts / (dose * incident))


def _spread(draws: Array, crosstalk: float) -> Array:
    """Mix neighboring channels; the variance stays."""
    if not crosstalk:
        return draws
    left, _, right = neighbors(draws, 1)
    mixed = (1 - 2 * crosstalk) * draws + crosstalk * (left + right)
    return mixed / ((1 - 2 * crosstalk) ** 2 + 2 * crosstalk**2) ** 0.5


def _rescue(counts: Array, electronic: float) -> Array:
    """Correct photon starvation: the fewer photons, the more neighboring rays are averaged.

    Scanners do so (Hsieh, Med Phys 1998, doi 10.1118/1.598410). Rays with more than three times
    the read-out noise stay as they are. No count is less than one.
    """
    across = reduce(add, neighbors(counts, 2))
    average = reduce(add, neighbors(across, 1, axis=-2)) / 15
    need = (1 - average / (3 * max(electronic, 1.0))).clip(0, 1)
    return (counts + need * (average - counts)).clip(1.0)

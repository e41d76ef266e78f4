"""How a slice was made: scanner, beam and kernel, told by its header and by its noise."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct import slice as ct
from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.simulate.calibration import calibrate
from distiliqa.simulate.geometry import Geometry
from distiliqa.simulate.kernel_estimate import estimate_kernel
from distiliqa.simulate.kernels import STANDARD, Kernel
from distiliqa.simulate.noise import WATER_PER_MM, Beam
from distiliqa.simulate.projector import project
from distiliqa.simulate.scanners import DEFAULT, SCANNERS, scanner_of

# Photons a ray per mAs and per mm of slice thickness at 120 kV, for slices without soft tissue:
# what calibration finds in eleven full-dose slices of a patient on a Definition AS+ (1200 to 2200).
PHOTONS_PER_MAS_MM = 1500.0


@dataclass(frozen=True)
class Acquisition:
    """How the slice was made.

    Attributes
    ----------
    geometry : the scan.
    beam : at full dose, that of the slice itself.
    kernel : what it was reconstructed with.
    noise_free : the slice is a computed one without noise.
    """

    geometry: Geometry = field(default=SCANNERS[DEFAULT].geometry)
    beam: Beam = field(default=Beam())
    kernel: Kernel = STANDARD
    noise_free: bool = False

    def with_texture(self, kernel: Kernel) -> Acquisition:
        """The same but for the kernel, and with photons that make the noise as strong as it was."""
        photons = self.beam.photons * kernel.noise_variance / self.kernel.noise_variance
        return replace(self, kernel=kernel, beam=replace(self.beam, photons=photons))


def acquisition_of(
    hu: NDArray[np.floating],
    spacing_mm: float,
    header: ct.Acquisition | None = None,
    geometry: Geometry | None = None,
) -> Acquisition:
    """Find out how a slice was made.

    The kernel is estimated from the slice's noise and the kernel's name; the photons are those
    that give the noise in its soft tissue. A slice without soft tissue gets photons by its mAs and
    thickness, or a million where these are unknown.

    Parameters
    ----------
    hu : (rows, columns), HU.
    header : what the file says.
    geometry : the scan; that of the scanner that the file names, if not given.
    """
    header = header or ct.Acquisition()
    geometry = geometry or scanner_of(header.scanner).geometry
    kernel = estimate_kernel(hu, spacing_mm, header.kernel)
    beam = Beam()
    if header.exposure_mas and header.slice_thickness_mm:
        photons = PHOTONS_PER_MAS_MM * header.exposure_mas * header.slice_thickness_mm
        beam = replace(beam, photons=photons)
    side = max(hu.shape)
    square = np.full((side, side), AIR_HU, np.float32)
    square[: hu.shape[0], : hu.shape[1]] = np.maximum(hu, AIR_HU)
    attenuation = torch.from_numpy(1 + square / 1000) * WATER_PER_MM
    integrals = project(attenuation, spacing_mm, geometry)
    return Acquisition(
        geometry, calibrate(square, spacing_mm, integrals, geometry, beam, kernel), kernel
    )

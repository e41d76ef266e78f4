"""Acquisition of a slice: scanner, beam and kernel, from its header and from its noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import slice_info as ct
from distiliqa.metrics.filters import box_mean, mirrored
from distiliqa.metrics.noise_level import box_size, mode, soft_tissue_boxes
from distiliqa.simulate.attenuation import HU_PER_ATTENUATION, attenuation, square_in_air
from distiliqa.simulate.kernels import STANDARD, Kernel, estimate_kernel
from distiliqa.simulate.noise import Beam, incident_photons, readout
from distiliqa.simulate.parallel_beam import noise_variance, project
from distiliqa.simulate.scanners import DEFAULT, SCANNERS, Geometry, ParallelBeam, scanner_of

# Photons a ray per mAs and per mm of slice thickness at 120 kV, for slices without soft tissue:
# median of 21 normal-dose series of Siemens scanners, 260 to 3300 (tools/make_docs).
PHOTONS_PER_MAS_MM = 700.0


@dataclass(frozen=True)
class Acquisition:
    """Acquisition of a slice: scan, beam and kernel.

    Attributes
    ----------
    geometry : the scan.
    beam : at full dose, that of the slice itself.
    kernel : of the reconstruction.
    noise_free : whether the slice is a computed one without noise.
    """

    geometry: Geometry = field(default=SCANNERS[DEFAULT].geometry)
    beam: Beam = field(default=Beam())
    kernel: Kernel = STANDARD
    noise_free: bool = False

    def with_texture(self, kernel: Kernel) -> Acquisition:
        """The same with another kernel, and with photons that keep the noise as strong."""
        photons = self.beam.photons * kernel.noise_variance / self.kernel.noise_variance
        return replace(self, kernel=kernel, beam=replace(self.beam, photons=photons))

    def with_views(self, views: int) -> Acquisition:
        """The same with another number of views, and with rays that keep the noise as strong."""
        photons = self.beam.photons * self.geometry.views / views
        geometry = replace(self.geometry, views=views)
        return replace(self, geometry=geometry, beam=replace(self.beam, photons=photons))


def acquisition_of(
    hu: NDArray[np.floating],
    spacing_mm: float,
    header: ct.Acquisition | None = None,
    geometry: Geometry | None = None,
) -> Acquisition:
    """Estimate the acquisition of a slice.

    The kernel is estimated from the noise of the slice and from the name of the kernel, the photons
    from the noise in soft tissue. A slice without soft tissue gets photons by its mAs and
    thickness, or a million where these are unknown.

    Parameters
    ----------
    hu : (rows, columns), HU.
    header : facts of the acquisition from the file.
    geometry : the scan; by default that of the scanner that the file names.
    """
    header = header or ct.Acquisition()
    geometry = geometry or scanner_of(header.scanner).geometry
    kernel = estimate_kernel(hu, spacing_mm, header.kernel)
    beam = Beam()
    if header.slice_thickness_mm:
        beam = replace(beam, electronic=readout(header.slice_thickness_mm))
    if header.exposure_mas and header.slice_thickness_mm:
        photons = PHOTONS_PER_MAS_MM * header.exposure_mas * header.slice_thickness_mm
        beam = replace(beam, photons=photons)
    square = square_in_air(hu.astype(np.float32))
    integrals = project(attenuation(square), spacing_mm, geometry.parallel)
    return Acquisition(
        geometry, calibrate(square, spacing_mm, integrals, geometry.parallel, beam, kernel), kernel
    )


_COARSE = 4  # noise varies slowly: it is predicted for every fourth pixel
_DETAIL = 3  # pixels: coarser variation may be anatomy
_MIN_BOXES = 10  # 4 pixels apart
_MODE_OF_NOISE = (
    0.98  # mode to root mean square, of boxes of pure noise: 0.97 to 0.99 in simulated water
)
_ROUNDS = 3  # iterations: the share of read-out noise changes with the photons


def calibrate(
    hu: NDArray[np.floating],
    spacing_mm: float,
    integrals: NDArray[np.floating],
    geometry: ParallelBeam,
    beam: Beam,
    kernel: Kernel,
) -> Beam:
    """Set the photons of a beam to give the noise that a slice has in its soft tissue.

    Boxes with anatomy in them have more detail than noise gives; the mode over boxes leaves them
    aside, as in `global_noise_level`.

    Parameters
    ----------
    hu : (size, size), HU.
    integrals : (views, channels), the slice's line integrals along the rays of ``geometry``.
    kernel : of the slice.

    Returns
    -------
    ``beam`` with other photons; unchanged for a slice with too little soft tissue to measure.
    """
    axis = hu.shape[0] // 2  # the axis of rotation is a pixel of the coarse grid too
    grid = slice(axis % _COARSE, None, _COARSE)
    tissue = soft_tissue_boxes(hu, (spacing_mm, spacing_mm))[grid, grid]
    if np.count_nonzero(tissue) < _MIN_BOXES:
        return beam
    measured = _noise(hu, spacing_mm, geometry, kernel)[grid, grid][tissue]
    counts = incident_photons(integrals, geometry, beam) * np.exp(-integrals)
    coarse, coarse_mm = 2 * (axis // _COARSE) + 5, spacing_mm * _COARSE
    maps = (
        noise_variance(part, coarse, coarse_mm, geometry, kernel)
        for part in (1 / counts, (beam.electronic / counts) ** 2)
    )
    quanta, readout = (map_[2:, 2:][: len(tissue), : len(tissue)][tissue] for map_ in maps)
    times = 1.0
    for _ in range(_ROUNDS):
        predicted = HU_PER_ATTENUATION * np.sqrt(quanta / times + readout / times**2)
        times /= float(mode(measured / predicted) / _MODE_OF_NOISE) ** 2
    return replace(beam, photons=beam.photons * times)


def _noise(
    hu: NDArray[np.floating], spacing_mm: float, geometry: ParallelBeam, kernel: Kernel
) -> NDArray[np.floating]:
    """Standard deviation of the noise around each pixel, from its finest detail."""
    values = hu.astype(np.float64)
    detail = values - _means_around(values, _DETAIL)
    variance = _means_around(detail**2, box_size((spacing_mm, spacing_mm)))
    return np.sqrt(np.maximum(variance, 1e-6) / _share_of_detail(kernel, spacing_mm, geometry))


def _means_around(values: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    return box_mean(mirrored(values, size), size)


def _share_of_detail(kernel: Kernel, spacing_mm: float, geometry: ParallelBeam) -> float:
    """Share of the noise's variance that is left when the mean around each pixel is taken off."""
    limit = 0.5 / geometry.sampling
    reach = max(1, math.ceil(min(1.5 * kernel.half, limit) * spacing_mm))
    axis = np.linspace(-reach, reach, 256 * reach + 1)  # cycles a pixel
    offsets = np.arange(_DETAIL) - _DETAIL // 2
    mean = np.cos(2 * np.pi * axis[:, None] * offsets).mean(1)
    frequency = np.hypot(axis, axis[:, None]) / spacing_mm
    power = frequency * 4.0 ** -((frequency / kernel.half) ** kernel.order)
    power[frequency > limit] = 0  # the channels carry no more
    return float(np.sum(power * (1 - np.outer(mean, mean)) ** 2) / np.sum(power))

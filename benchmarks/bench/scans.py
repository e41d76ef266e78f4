"""A scan of a slice, by this project and by others: projected, noise added, reconstructed.

Each takes attenuation per mm, (size, size), the pixel spacing in mm, the number of views, and the
photons of each ray, None for a scan without noise; each gives attenuation per mm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.simulate import parallel_beam
from distiliqa.simulate.noise import Beam, incident_photons, lower_dose
from distiliqa.simulate.noise_draws import noise_draws
from distiliqa.simulate.projector import project
from distiliqa.simulate.reconstruction import filtered_back_projection
from distiliqa.simulate.scanners import FanBeam, Geometry, ParallelBeam

Image = NDArray[np.float32]


def fan(size: int, spacing: float, views: int) -> Geometry:
    """The scan of a usual scanner."""
    return FanBeam(595.0, 1085.6, channels=736, pitch=1.2858, views=views)


def parallel(size: int, spacing: float, views: int) -> Geometry:
    """A ray for each column of pixels."""
    return ParallelBeam(size, spacing, views)


def ours(
    scan: Callable[[int, float, int], Geometry],
    image: Image | Tensor,
    spacing: float,
    views: int,
    photons: float | None,
) -> Image:
    """By this project; a batch too, (n, size, size), as a tensor on any device."""
    slices = torch.as_tensor(image)
    size = slices.shape[-1]
    geometry = scan(size, spacing, views)
    if photons is not None:
        geometry = geometry.parallel
    integrals = project(slices, spacing, geometry)
    if photons is not None:
        beam = Beam(photons, electronic=0.0, bowtie_radius=0.0, modulation=0.0)
        incident = incident_photons(integrals, geometry.parallel, beam)
        draws = torch.randn(2, *integrals.shape, device=integrals.device)
        integrals = lower_dose(integrals, incident, beam, 1.0, draws, own=0.0)
    return filtered_back_projection(integrals, size, spacing, geometry).cpu().numpy()


def by_numpy(image: Image, spacing: float, views: int, photons: float | None) -> Image:
    """By this project without torch: a ray for each column of pixels."""
    size = len(image)
    rays = ParallelBeam(size, spacing, views)
    integrals = parallel_beam.project(image, spacing, rays)
    if photons is not None:
        beam = Beam(photons, electronic=0.0, bowtie_radius=0.0, modulation=0.0)
        incident = incident_photons(integrals, rays, beam)
        draws = noise_draws((2, *integrals.shape), 0)
        integrals = lower_dose(integrals, incident, beam, 1.0, draws, own=0.0)
    return parallel_beam.filtered_back_projection(integrals, size, spacing, rays)


def by_skimage(image: Image, spacing: float, views: int, photons: float | None) -> Image:
    """By scikit-image: parallel beams by turning the slice, linear interpolation back."""
    from skimage.transform import iradon, radon

    angles = np.linspace(0, 180, views, endpoint=False)
    integrals = _noisy(radon(image, angles, circle=True) * spacing, photons)
    return iradon(integrals, angles, filter_name="ramp", circle=True) / spacing


def by_astra(image: Image, spacing: float, views: int, photons: float | None) -> Image:
    """By the ASTRA toolbox on the CPU: parallel beams, linear interpolation."""
    import astra

    size = len(image)
    volume = astra.create_vol_geom(size, size)
    angles = np.linspace(0, np.pi, views, endpoint=False)
    rays = astra.create_proj_geom("parallel", 1.0, size, angles)
    projector = astra.create_projector("linear", rays, volume)
    sinogram, integrals = astra.create_sino(image, projector)
    astra.data2d.store(sinogram, _noisy(integrals * spacing, photons) / spacing)
    shown = astra.data2d.create("-vol", volume)
    options = astra.astra_dict("FBP")
    options |= {
        "ProjectorId": projector,
        "ProjectionDataId": sinogram,
        "ReconstructionDataId": shown,
        "option": {"FilterType": "Ram-Lak"},
    }
    algorithm = astra.algorithm.create(options)
    astra.algorithm.run(algorithm)
    found = astra.data2d.get(shown)
    astra.algorithm.delete(algorithm)
    astra.data2d.delete([sinogram, shown])
    astra.projector.delete(projector)
    return found


def _noisy(integrals: NDArray, photons: float | None) -> NDArray:
    if photons is None:
        return integrals
    counts = np.random.default_rng(0).poisson(photons * np.exp(-integrals)).clip(1)
    return -np.log(counts / photons)

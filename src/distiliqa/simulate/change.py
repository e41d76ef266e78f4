"""Change that a worse acquisition makes in slices, part by part.

The slice is never replaced by its reconstruction. It is projected, the change in its line integrals
is reconstructed, and that difference is added. Without a degradation the slice stays as it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU
from distiliqa.simulate.acquisition import Acquisition
from distiliqa.simulate.arrays import like
from distiliqa.simulate.attenuation import (
    HU_PER_ATTENUATION,
    as_stored,
    attenuation,
    square_in_air,
)
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.faults import (
    bone_attenuation,
    hardened,
    paint,
    ring_errors,
    rod_integrals,
    truncated,
)
from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.motion import blurred, moved_rays
from distiliqa.simulate.noise import Beam, incident_photons, lower_dose
from distiliqa.simulate.noise_draws import stream_seed
from distiliqa.simulate.processing.non_local_means import denoised
from distiliqa.simulate.projector import project
from distiliqa.simulate.reconstruction import filtered_back_projection
from distiliqa.simulate.scanners import Geometry, ParallelBeam

_MAX_SHARPENING = 4.0


class Change:
    """Change of slices by a degradation, HU; its parts are computed when needed.

    Parameters
    ----------
    hu : float32, (n, rows, columns), HU. Padding outside the field of view stays as it is.
    seeds : of the noise, one for each slice.
    """

    def __init__(
        self,
        hu: Tensor,
        spacing_mm: float,
        acquisition: Acquisition,
        degradation: Degradation,
        seeds: Sequence[int],
    ) -> None:
        self.slices, self.hu = hu, square_in_air(hu.float())
        self.spacing, self.made, self.worse = spacing_mm, acquisition, degradation
        self.seeds = seeds
        self.geometry = acquisition.geometry
        if degradation.views is not None:
            self.geometry = replace(self.geometry, views=degradation.views)
        self.attenuation = attenuation(self.hu)

    def scanned_by(self, acquisition: Acquisition) -> Change:
        """The same degradation and scan with another beam or noise; shares the line integrals."""
        other = copy(self)
        other.made = acquisition
        return other

    def shown(self) -> Tensor:
        """Slices with all changes, (n, rows, columns), HU."""
        image = self.reconstructed()
        if not (strength := self.worse.smoothing):
            return image
        smooth = denoised(image, self.spacing, strength)
        return torch.where(self.slices < FIELD_OF_VIEW_FLOOR_HU, self.slices, smooth)

    def reconstructed(self) -> Tensor:
        """Slices with all changes but a denoiser, (n, rows, columns), HU."""
        if replace(self.worse, smoothing=0.0) == Degradation() and not self.made.noise_free:
            return self.slices.clone()
        image = self.hu + self.signal + self.of_kernel() + self.of_noise() + self.of_faults()
        for rod in self.worse.rods:
            image = paint(image, rod, self.spacing)
        return as_stored(image, self.slices)

    @cached_property
    def integrals(self) -> Tensor:
        """Line integrals of the worse acquisition, without noise."""
        return self._project(self.attenuation)

    @cached_property
    def signal(self) -> Tensor | float:
        """Change by few views and by motion: streaks."""
        if self.worse.motion is None and self.geometry == self.made.geometry:
            return 0.0
        full = project(self.attenuation, self.spacing, self.made.geometry)
        made = self._slice(full, self.made.geometry)
        return self._slice(self.integrals, self.geometry) - made

    def of_motion(self) -> Tensor | float:
        """Blur of a patient who moves, without the streaks of views that disagree."""
        if self.worse.motion is None:
            return 0.0
        body = self.hu - AIR_HU  # 0 beyond the edge
        rows, columns = self.slices.shape[-2:]
        return (blurred(body, self.spacing, self.worse.motion) - body)[..., :rows, :columns]

    def of_kernel(self) -> Tensor | float:
        """Change by another kernel: blur or sharpening of the slice."""
        if self.worse.kernel is None or self.worse.kernel == self.made.kernel:
            return 0.0
        side = self.hu.shape[-1]
        across, down = np.fft.rfftfreq(side, self.spacing), np.fft.fftfreq(side, self.spacing)
        frequency = np.hypot(down[:, None], across)
        wanted = self.worse.kernel.apodization(frequency)
        had = self.made.kernel.apodization(frequency)
        gain = np.divide(wanted, had, out=np.ones_like(had), where=had > 0)
        change = like(np.minimum(gain, _MAX_SHARPENING) - 1, self.hu)
        return torch.fft.irfft2(torch.fft.rfft2(self.hu) * change, s=(side, side))

    def of_noise(self) -> Tensor | float:
        """Change by the noise of the dose and of metal, which is that of the patient at rest."""
        if not self._adds_noise:
            return 0.0
        rays = self.geometry.parallel
        integrals = project(self.attenuation, self.spacing, rays)
        noise = self._noisy(integrals, rays) - integrals
        if self.worse.truncation:
            noise = truncated(noise, rays, self.worse.truncation)
        kernel = self.made.kernel if self.worse.kernel is None else self.worse.kernel
        return self._slice(noise, rays, kernel)

    def of_faults(self) -> Tensor | float:
        """Change by rings, hardening, metal and truncation."""
        worse = self.worse
        if not (worse.ring or worse.rods or worse.hardening or worse.truncation):
            return 0.0
        integrals = self.integrals
        measured = integrals + self._hardening(integrals, self._metal(integrals, self.geometry))
        if worse.ring:
            errors = [ring_errors(self.geometry, worse.ring, _generator(s, 1)) for s in self.seeds]
            measured = measured + torch.stack(errors)[:, None].to(measured)
        if worse.truncation:
            measured = truncated(measured, self.geometry, worse.truncation)
        kernel = self.made.kernel if worse.kernel is None else worse.kernel
        return self._slice(measured - integrals, self.geometry, kernel)

    @property
    def _own_noise(self) -> float:
        """Variance of the noise of the slice, relative to full dose; see `noise.lower_dose`."""
        if self.made.noise_free:
            return 0.0
        return 1.0 if self.worse.keep_dose else min(1.0, self._views_share)

    @property
    def _views_share(self) -> float:
        return self.geometry.views / self.made.geometry.views

    @property
    def _beam(self) -> Beam:
        """Beam of the views that are left."""
        beam = self.made.beam
        gain = 1 / self._views_share if self.worse.keep_dose else 1.0
        return replace(beam, photons=beam.photons * gain)

    @property
    def _adds_noise(self) -> bool:
        less = self.worse.dose < 1 or bool(self.worse.rods) or self._own_noise < 1
        return less and math.isfinite(self.made.beam.photons)

    def _metal(self, integrals: Tensor, geometry: Geometry) -> Tensor:
        rays = geometry.rays()
        rods = [like(rod_integrals(rod, rays), integrals) for rod in self.worse.rods]
        return sum(rods, torch.zeros_like(integrals[0]))

    def _noisy(self, integrals: Tensor, rays: ParallelBeam) -> Tensor:
        """Line integrals with the noise of the dose and of metal, without the metal itself."""
        metal = self._metal(integrals, rays)
        incident = incident_photons(integrals, rays, self._beam)
        shape = (2, *integrals.shape[1:])
        draws = torch.stack([torch.randn(shape, generator=_generator(s, 0)) for s in self.seeds], 1)
        drawn, dose, own = draws.to(integrals), self.worse.dose, self._own_noise
        return lower_dose(integrals, incident, self._beam, dose, drawn, metal, own) - metal

    def _hardening(self, integrals: Tensor, metal: Tensor) -> Tensor | float:
        """Change of the line integrals by bone and metal; metal is never corrected."""
        if not (self.worse.hardening or self.worse.rods):
            return 0.0
        bone = self._project(bone_attenuation(self.hu))
        water = integrals - bone
        alloy = self.worse.rods[0].alloy if self.worse.rods else "titanium"
        whole = hardened(water, bone, metal, alloy) - integrals - metal
        return whole - (1 - self.worse.hardening) * (hardened(water, bone) - integrals)

    def _project(self, image: Tensor) -> Tensor:
        """Line integrals of the patient, in motion if there is any."""
        if self.worse.motion is None:
            return project(image, self.spacing, self.geometry)
        rays, scale = moved_rays(self.geometry, self.worse.motion)
        return project(image, self.spacing, self.geometry, rays) * like(scale, image)

    def _slice(self, integrals: Tensor, geometry: Geometry, kernel: Kernel = RAMP) -> Tensor:
        size = self.hu.shape[-1]
        image = filtered_back_projection(integrals, size, self.spacing, geometry, kernel)
        return image * HU_PER_ATTENUATION


def _generator(seed: int, purpose: int) -> torch.Generator:
    """Generator on the CPU, so that every device draws the same, see `noise_draws`."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose))

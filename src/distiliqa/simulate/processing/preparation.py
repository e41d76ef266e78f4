"""What a processing is prepared from: the slice, its noise level, and a generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU
from distiliqa.metrics.noise_level import global_noise_level, noise_map
from distiliqa.simulate.processing.thick_slice import Neighbors

Image = NDArray[np.float32]  # (rows, columns), HU
Process = Callable[[Image], Image]

MIN_HU, MAX_HU = -1024.0, 3071.0  # what 12 bits store
BODY_HU = (-400.0, 600.0)  # denoisers leave air and bone beyond it as they are
MIN_NOISE_HU = 0.1  # a slice without noise still has a width of its filters


def noise_hu(hu: NDArray[np.floating], spacing_mm: float) -> float:
    """Noise level of a slice, HU, at least 0.1.

    A slice without soft tissue has the median of its local deviations.
    """
    noise = global_noise_level(hu, (spacing_mm, spacing_mm))
    if noise is None:
        noise = float(np.median(noise_map(hu, (spacing_mm, spacing_mm))))
    return max(noise, MIN_NOISE_HU)


@dataclass(frozen=True)
class Preparation:
    """All that a kind of processing may ask for when it is prepared.

    Attributes
    ----------
    hu : the slice, air outside the field of view.
    neighbors : adjacent slices, for kinds that need them.
    weights : file of a network, for kinds that need one.
    """

    hu: Image
    spacing_mm: float
    strength: float
    seed: int
    neighbors: Neighbors | None = None
    weights: Path | None = None

    @cached_property
    def noise_hu(self) -> float:
        """Noise level of the slice."""
        return noise_hu(self.hu, self.spacing_mm)

    @cached_property
    def rng(self) -> np.random.Generator:
        """Generator of the seed."""
        return np.random.default_rng(self.seed)

    def pixels(self, mm: float) -> float:
        """A length in pixels."""
        return mm / self.spacing_mm


def within_body(hu: NDArray[np.floating], denoise: Process) -> Image:
    """Denoise values in `BODY_HU`; those beyond it are clipped for that, and stay as they are."""
    inner = np.clip(hu, *BODY_HU).astype(np.float32)
    return np.where(inner == hu, denoise(inner), hu).astype(np.float32)


def air_outside(hu: Image) -> Image:
    """Fill what lies outside the field of view with air."""
    return np.where(hu < FIELD_OF_VIEW_FLOOR_HU, np.float32(AIR_HU), hu).astype(np.float32)


def within_field_of_view(process: Process) -> Process:
    """Let a process see air outside the field of view, and keep the padding there.

    Values that 12 bits cannot store are clipped, unless the image had them before.
    """

    def guarded(hu: Image) -> Image:
        seen = air_outside(hu)
        shown = np.clip(process(seen), np.minimum(seen, MIN_HU), np.maximum(seen, MAX_HU))
        return np.where(hu < FIELD_OF_VIEW_FLOOR_HU, hu, shown).astype(np.float32)

    return guarded

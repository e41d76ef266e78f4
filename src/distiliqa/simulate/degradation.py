"""Degradations of an acquisition, and the settings of ``distiliqa simulate`` that ask for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from distiliqa.errors import DistiliqaError
from distiliqa.simulate.faults import Rod
from distiliqa.simulate.kernels import Kernel, named_kernel
from distiliqa.simulate.motion import Motion
from distiliqa.simulate.noise import MIN_DOSE
from distiliqa.simulate.patient import body_outline
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.scanners import scanner


@dataclass(frozen=True)
class Degradation:
    """Degradation of an acquisition; by default none.

    Attributes
    ----------
    dose : photons in each view, relative to those of the slice; from `MIN_DOSE` to 1.
    views : projections in the rotation, at least 8; None for all.
    keep_dose : whether the remaining views get the photons of the others: few views then bring
        streaks alone. If not, fewer views bring more noise too.
    kernel : of the reconstruction; None for that of the slice.
    motion : of the patient.
    ring : relative gain error of faulty channels.
    rods : metal put into the slice.
    hardening : share of the beam hardening of bone and metal that stays uncorrected.
    truncation : diameter that the detector covers, mm; None for all of it.
    smoothing : strength of a denoiser, in noise standard deviations; 0 for none.
    """

    dose: float = 1.0
    views: int | None = None
    keep_dose: bool = False
    kernel: Kernel | None = None
    motion: Motion | None = None
    ring: float = 0.0
    rods: tuple[Rod, ...] = ()
    hardening: float = 0.0
    truncation: float | None = None
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if not MIN_DOSE <= self.dose <= 1:
            raise ValueError(f"relative dose must lie in [{MIN_DOSE:g}, 1], not {self.dose}")
        if self.views is not None and self.views < 8:
            raise ValueError(f"views must be at least 8, not {self.views}")

    def relative_dose(self, views: int) -> float:
        """Dose of the whole scan, relative to that of ``views`` projections at full dose."""
        saved = self.views is not None and not self.keep_dose
        return self.dose * min(1.0, (self.views or views) / views) if saved else self.dose


@dataclass(frozen=True)
class Settings:
    """Degradations as options state them; places and directions are drawn from the seed.

    Attributes
    ----------
    scanner : name of a preset; None for that of the file.
    kernel : name as in DICOM, or soft, standard, sharp; None for that of the slice.
    motion : amplitude of the patient's motion, mm.
    metal : diameter of a titanium rod in the body, mm; 0 for none.
    process : processing of the finished image, one after the other, see `degraded`.
    The other attributes are those of `Degradation`.
    """

    dose: float = 1.0
    views: int | None = None
    keep_dose: bool = False
    kernel: str | None = None
    scanner: str | None = None
    motion: float = 0.0
    ring: float = 0.0
    metal: float = 0.0
    hardening: float = 0.0
    truncation: float | None = None
    smoothing: float = 0.0
    process: tuple[Processing, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kernel is not None and named_kernel(self.kernel) is None:
            raise DistiliqaError(
                f"no kernel {self.kernel!r}",
                remedy="give soft, standard, sharp, or one such as B30f, LUNG or FC13",
            )
        if self.scanner is not None:
            scanner(self.scanner)

    def __str__(self) -> str:
        return "simulated " + ", ".join(self._stated())

    def _stated(self) -> Iterator[str]:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if setting.name == "process":
                yield from (f"process {processing}" for processing in value)
            elif setting.name == "seed" or value != setting.default:
                yield f"{setting.name} {value}"

    def degradation(
        self, hu: NDArray[np.floating], spacing_mm: float, rng: np.random.Generator
    ) -> Degradation:
        """Degradation of one slice, with places and directions drawn."""
        direction, phase = rng.uniform(0, 2 * math.pi), rng.uniform()
        x, y = self.motion * math.cos(direction), self.motion * math.sin(direction)
        place = _place_in_body(hu, spacing_mm, rng)
        return Degradation(
            dose=self.dose,
            views=self.views,
            keep_dose=self.keep_dose,
            kernel=named_kernel(self.kernel),
            motion=Motion((x, y), phase=phase) if self.motion else None,
            ring=self.ring,
            rods=(Rod(*place, self.metal / 2),) if self.metal and place else (),
            hardening=self.hardening,
            truncation=self.truncation,
            smoothing=self.smoothing,
        )


def _place_in_body(
    hu: NDArray[np.floating], spacing_mm: float, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Draw a pixel of the body, 10 mm or more from its edge: x and y, mm."""
    inner = binary_erosion(body_outline(hu), iterations=max(1, round(10 / spacing_mm)))
    places = np.argwhere(inner)
    if not len(places):
        return None
    row, column = places[rng.integers(len(places))]
    axis = max(hu.shape) // 2
    return float(column - axis) * spacing_mm, float(axis - row) * spacing_mm

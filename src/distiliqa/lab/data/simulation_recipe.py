"""Recipe of a simulated data set, in one validated YAML file, and the draws from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import AfterValidator, Field

from distiliqa.lab.recipe_file import Section, read_yaml, validated
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.kernels import Kernel, named_kernel
from distiliqa.simulate.patient import Patient
from distiliqa.simulate.scanners import SCANNERS


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if not limits[0] <= limits[1]:
        raise ValueError("give [low, high]")
    return limits


def _kernel(name: str) -> str:
    if named_kernel(name) is None:
        raise ValueError(f"no kernel {name!r}")
    return name


Positive = Annotated[int, Field(ge=1, lt=1 << 31)]
Share = Annotated[float, Field(ge=0, le=1)]
Above0 = Annotated[float, Field(gt=0)]
Dose = Annotated[float, Field(gt=0, le=1)]
Views = Annotated[float, Field(ge=8)]
PositiveLimits = Annotated[tuple[Above0, Above0], AfterValidator(_ascending)]
FAULTS = ("motion", "ring", "metal", "hardening", "truncation", "smoothing")


class Subject(NamedTuple):
    """Patient, scanner and kernel of the noise; None for those of the slice."""

    patient: Patient
    scanner: str | None = None
    texture: Kernel | None = None


class PatientSection(Section):
    """Patients made of every slice; the first is the one in the slice, on its own scanner."""

    count: Positive = 3
    size: PositiveLimits = (0.85, 1.2)  # of the body, relative
    contrast: PositiveLimits = (0.7, 1.5)  # of soft tissue, relative
    shift: Annotated[int, Field(ge=0, lt=1 << 16)] = 24  # at most so many pixels in each direction
    no_table: Share = 0.5
    other_scanner: Share = 0.6
    other_texture: Share = 0.4  # noise of another kernel than the slice, as after reprojection
    texture_half: PositiveLimits = (0.3, 1.0)  # its half-power frequency, cycles/mm
    texture_order: PositiveLimits = (2.0, 5.0)


class FaultSection(Section):
    """Strength of faults; a share of the images gets one of those that have limits."""

    share: Share = 0.25
    motion: PositiveLimits | None = (0.5, 4.0)  # amplitude, mm
    ring: PositiveLimits | None = (0.01, 0.08)  # gain error of faulty channels
    metal: PositiveLimits | None = (2.0, 8.0)  # diameter of a rod, mm
    hardening: PositiveLimits | None = (0.2, 1.0)  # share that stays uncorrected
    truncation: PositiveLimits | None = (200.0, 320.0)  # diameter that the detector covers, mm
    smoothing: PositiveLimits | None = (0.4, 1.3)  # strength of a denoiser, noise deviations

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw one fault and its strength, or none."""
        possible = [name for name in FAULTS if getattr(self, name) is not None]
        if not possible or rng.random() >= self.share:
            return {}
        name = possible[rng.integers(len(possible))]
        return {name: _between(getattr(self, name), rng)}


class SimulationRecipe(Section):
    """Simulated data set; strengths are drawn evenly in their logarithm."""

    patients: PatientSection = PatientSection()
    versions: Positive = 3  # worse images of each patient, besides the one without faults
    lower_dose: Share = 0.85
    dose: Annotated[tuple[Dose, Dose], AfterValidator(_ascending)] = (0.05, 0.9)
    fewer_views: Share = 0.45
    views: Annotated[tuple[Views, Views], AfterValidator(_ascending)] = (64, 900)
    keep_dose: Share = 0.0  # of the images of fewer views: streaks without more noise
    other_kernel: Share = 0.35
    kernels: tuple[Annotated[str, AfterValidator(_kernel)], ...] = ("soft", "standard", "sharp")
    faults: FaultSection = FaultSection()
    test_cases: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 0

    def draw_patient(self, number: int, rng: np.random.Generator) -> Subject:
        """Draw patient ``number`` of a slice, the scanner and the kernel."""
        if number == 0:
            return Subject(Patient())
        vary = self.patients
        right, down = (int(pixels) for pixels in rng.integers(-vary.shift, vary.shift + 1, 2))
        patient = Patient(
            size=_between(vary.size, rng),
            contrast=_between(vary.contrast, rng),
            right=right,
            down=down,
            table=bool(rng.random() >= vary.no_table),
        )
        scanner = str(rng.choice(sorted(SCANNERS)))
        texture = Kernel(_between(vary.texture_half, rng), _between(vary.texture_order, rng))
        return Subject(
            patient,
            scanner if rng.random() < vary.other_scanner else None,
            texture if rng.random() < vary.other_texture else None,
        )

    def draw_settings(self, rng: np.random.Generator) -> Settings:
        """Draw the degradations of one image."""
        dose = _between(self.dose, rng) if rng.random() < self.lower_dose else 1.0
        views = round(_between(self.views, rng)) if rng.random() < self.fewer_views else None
        other = self.kernels and rng.random() < self.other_kernel
        kernel = str(rng.choice(self.kernels)) if other else None
        seed = int(rng.integers(2**31))
        keep_dose = views is not None and bool(rng.random() < self.keep_dose)
        settings = Settings(dose=dose, views=views, keep_dose=keep_dose, kernel=kernel, seed=seed)
        return replace(settings, **self.faults.draw(rng))


def load_simulation_recipe(path: Path) -> SimulationRecipe:
    """Read a YAML file. Raises `RecipeError`, see `distiliqa.lab.recipe_file.validated`."""
    return validated(SimulationRecipe, read_yaml(path), path)


def _between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    low, high = np.log(limits)
    return float(f"{np.exp(rng.uniform(low, high)):.4g}")  # short in the manifest

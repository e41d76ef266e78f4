"""Recipe of a simulated data set, in one validated YAML file, and the draws from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from distiliqa.errors import RecipeError
from distiliqa.lab.data.drawn_strength import between, drawn_strength
from distiliqa.lab.label import reader_scale
from distiliqa.lab.label.reader_scale import FULL_VIEWS, ReaderScale, combinations
from distiliqa.lab.recipe_file import Section, read_yaml, validated
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.kernels import Kernel, named_kernel
from distiliqa.simulate.patient import Patient
from distiliqa.simulate.processing.kinds import KINDS
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.scanners import SCANNERS


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if not limits[0] <= limits[1]:
        raise ValueError("give [low, high]")
    return limits


def _kernel(name: str) -> str:
    if named_kernel(name) is None:
        raise ValueError(f"no kernel {name!r}")
    return name


def _kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"no processing {name!r}")
    if KINDS[name].needs == "neighbors":
        raise ValueError(f"{name} needs adjacent slices, and each slice is simulated alone")
    return name


Positive = Annotated[int, Field(ge=1, lt=1 << 31)]
Number = Annotated[int, Field(ge=0, lt=1 << 31)]
Share = Annotated[float, Field(ge=0, le=1)]
Above0 = Annotated[float, Field(gt=0)]
Frequency = Annotated[float, Field(ge=0)]
Dose = Annotated[float, Field(gt=0, le=1)]
Views = Annotated[float, Field(ge=8)]
PositiveLimits = Annotated[tuple[Above0, Above0], AfterValidator(_ascending)]
KindName = Annotated[str, AfterValidator(_kind)]
FAULTS = ("motion", "ring", "metal", "hardening", "truncation")
SHIPPED_SCALE = Path(reader_scale.__file__).with_name("ldctiqac2023.json")
RARE = {"shift": 0.1, "hu_offset": 0.1}  # no reader sees them, which a few images show


def _frequencies() -> dict[str, float]:
    """Relative frequency of each kind that a single slice is enough for."""
    single = [name for name, kind in KINDS.items() if kind.needs != "neighbors"]
    return {name: RARE.get(name, 1.0) for name in single}


class DrawnPatient(NamedTuple):
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

    def draw(self, number: int, rng: np.random.Generator) -> DrawnPatient:
        """Draw patient ``number`` of a slice, the scanner and the kernel."""
        if number == 0:
            return DrawnPatient(Patient())
        right, down = (int(pixels) for pixels in rng.integers(-self.shift, self.shift + 1, 2))
        patient = Patient(
            size=between(self.size, rng),
            contrast=between(self.contrast, rng),
            right=right,
            down=down,
            table=bool(rng.random() >= self.no_table),
        )
        scanner = str(rng.choice(sorted(SCANNERS)))
        texture = Kernel(between(self.texture_half, rng), between(self.texture_order, rng))
        return DrawnPatient(
            patient,
            scanner if rng.random() < self.other_scanner else None,
            texture if rng.random() < self.other_texture else None,
        )


class FaultSection(Section):
    """Strength of faults; a share of the scans gets one of those that have limits."""

    share: Share = 0.3
    motion: PositiveLimits | None = (0.5, 8.0)  # amplitude, mm
    ring: PositiveLimits | None = (0.005, 0.1)  # gain error of faulty channels
    metal: PositiveLimits | None = (2.0, 10.0)  # diameter of a rod, mm
    hardening: PositiveLimits | None = (0.2, 1.0)  # share that stays uncorrected
    truncation: PositiveLimits | None = (200.0, 380.0)  # diameter that the detector covers, mm

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Draw one fault and its strength, or none."""
        possible = [name for name in FAULTS if getattr(self, name) is not None]
        if not possible or rng.random() >= self.share:
            return {}
        name = possible[rng.integers(len(possible))]
        return {name: between(getattr(self, name), rng)}


class ScanSection(Section):
    """Worse scans of each patient, besides the one of full dose."""

    design: Literal["drawn", "ldctiqac2023"] = "drawn"  # the twelve scans of that challenge
    count: Number = 3  # where they are drawn
    lower_dose: Share = 0.75
    dose: Annotated[tuple[Dose, Dose], AfterValidator(_ascending)] = (0.08, 0.9)
    fewer_views: Share = 0.3
    views: Annotated[tuple[Views, Views], AfterValidator(_ascending)] = (64, 900)
    keep_dose: Share = 0.5  # of the scans of fewer views: streaks without more noise
    other_kernel: Share = 0.35
    kernels: tuple[Annotated[str, AfterValidator(_kernel)], ...] = ("soft", "standard", "sharp")
    faults: FaultSection = FaultSection()

    @property
    def number(self) -> int:
        """Scans of each patient, with the one of full dose."""
        return len(combinations(None)) if self.design == "ldctiqac2023" else self.count + 1

    @property
    def all_views(self) -> int | None:
        """Views of a full scan, where the design says."""
        return FULL_VIEWS if self.design == "ldctiqac2023" else None

    def draw(
        self, number: int, rng: np.random.Generator, thickness_mm: float | None = None
    ) -> Settings:
        """Draw the degradations of scan ``number``; those of scan 0 are none if they are drawn.

        Parameters
        ----------
        thickness_mm : of the slice, for the doses of ``ldctiqac2023``.
        """
        seed = int(rng.integers(2**31))
        if self.design == "ldctiqac2023":
            worse = combinations(thickness_mm)[number]
            return Settings(dose=worse.dose, views=worse.views, seed=seed)
        if number == 0:
            return Settings(seed=seed)
        dose = between(self.dose, rng) if rng.random() < self.lower_dose else 1.0
        views = round(between(self.views, rng)) if rng.random() < self.fewer_views else None
        other = self.kernels and rng.random() < self.other_kernel
        kernel = str(rng.choice(self.kernels)) if other else None
        keep_dose = views is not None and bool(rng.random() < self.keep_dose)
        settings = Settings(dose=dose, views=views, keep_dose=keep_dose, kernel=kernel, seed=seed)
        settings = replace(settings, **self.faults.draw(rng))
        if settings == Settings(seed=seed) and self.lower_dose:  # the same as scan 0
            return replace(settings, dose=between(self.dose, rng))
        return settings


class ProcessingSection(Section):
    """Processed images of each scan, besides the scan itself."""

    images: Number = 6
    pairs: Share = 0.3  # of them: two kinds, one after the other
    kinds: dict[KindName, Frequency] = Field(default_factory=_frequencies)
    networks: Path | None = None  # folder of weights for denoising_network; null: none
    held_out_kinds: tuple[KindName, ...] = ()  # never used

    @model_validator(mode="after")
    def _has_a_kind(self) -> ProcessingSection:
        left = {name for name, often in self.kinds.items() if often} - {*self.held_out_kinds}
        if self.images and not any(self.networks or KINDS[name].needs is None for name in left):
            raise ValueError("no kind is left; set images to 0")
        return self

    def draw(self, rng: np.random.Generator, weights: tuple[Path, ...]) -> tuple[Processing, ...]:
        """Draw one kind or two with their strengths, from barely visible to useless.

        Parameters
        ----------
        weights : files of denoising networks.
        """
        possible = [name for name, often in self.kinds.items() if often and self.has(name, weights)]
        count = min(1 + int(rng.random() < self.pairs), len(possible))
        shares = np.array([self.kinds[name] for name in possible])
        drawn = rng.choice(possible, count, replace=False, p=shares / shares.sum())
        return tuple(self._strong(str(name), rng, weights) for name in drawn)

    def has(self, name: str, weights: tuple[Path, ...]) -> bool:
        """Whether a kind can be drawn with these files of networks."""
        return name not in self.held_out_kinds and (KINDS[name].needs is None or bool(weights))

    def _strong(self, name: str, rng: np.random.Generator, weights: tuple[Path, ...]) -> Processing:
        kind, seed = KINDS[name], int(rng.integers(2**31))
        file = weights[rng.integers(len(weights))] if kind.needs == "weights" else None
        return Processing(name, drawn_strength(kind, rng), seed, file)

    def weights(self) -> tuple[Path, ...]:
        """Files of the denoising networks. Raises `RecipeError` for a folder without any."""
        if self.networks is None:
            return ()
        found = sorted(self.networks.glob("*.safetensors"))
        if not found:
            raise RecipeError(
                "holds no weights of denoising networks",
                path=self.networks,
                remedy="train some, or leave out `processing.networks`",
            )
        return tuple(found)


class SimulationRecipe(Section):
    """Simulated data set; strengths are drawn evenly in their logarithm."""

    max_noise: Above0 = 18.0  # HU: noisier slices are left out
    patients: PatientSection = PatientSection()
    scans: ScanSection = ScanSection()
    processing: ProcessingSection = ProcessingSection()
    scale: Path | None = None  # of readers, JSON; null: the one of this package
    test_cases: tuple[str, ...] = ()
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 0

    def reader_scale(self) -> ReaderScale:
        """Scale of readers. Raises `DistiliqaError` for a file that holds none."""
        return ReaderScale.load(self.scale or SHIPPED_SCALE)


def load_simulation_recipe(path: Path) -> SimulationRecipe:
    """Read a YAML file. Raises `RecipeError`, see `distiliqa.lab.recipe_file.validated`."""
    return validated(SimulationRecipe, read_yaml(path), path)

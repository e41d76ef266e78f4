"""Files in, derived files out: the settings of ``distiliqa simulate``, and what it does to one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.dicom.header import read_header
from distiliqa.ct.spacing import square_side
from distiliqa.errors import DistiliqaError
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.body import body_outline
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.kernels import named_kernel
from distiliqa.simulate.metal import Rod
from distiliqa.simulate.motion import Motion
from distiliqa.simulate.scanners import scanner
from distiliqa.simulate.slices import degraded, noise_seed
from distiliqa.simulate.targets import without_dcm


@dataclass(frozen=True)
class Settings:
    """What to make worse, as a user says it; places and directions are drawn from the seed.

    Attributes
    ----------
    scanner : name of a preset; None for that of the file.
    kernel : name as in DICOM, or soft, standard, sharp; None for that of the slice.
    motion : how far the patient moves to and fro, mm.
    metal : diameter of a titanium rod somewhere in the body, mm; 0 for none.
    The others are those of `Degradation`.
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
        return "simulated " + ", ".join(self._told())

    def _told(self) -> Iterator[str]:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if setting.name == "seed" or value != setting.default:
                yield f"{setting.name} {value}"

    def degradation(
        self, hu: NDArray[np.floating], spacing_mm: float, rng: np.random.Generator
    ) -> Degradation:
        """The same for one slice, with what is left to chance drawn."""
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
    """A pixel of the body, 10 mm from its edge: x and y, mm."""
    inner = binary_erosion(body_outline(hu), iterations=max(1, round(10 / spacing_mm)))
    places = np.argwhere(inner)
    if not len(places):
        return None
    row, column = places[rng.integers(len(places))]
    axis = max(hu.shape) // 2
    return float(column - axis) * spacing_mm, float(axis - row) * spacing_mm


def target_of(path: Path, folder: Path, out: Path) -> Path:
    """Where `simulate_file` writes what it makes of ``path``."""
    return out / f"{without_dcm(path.relative_to(folder))}.dcm"


def simulate_file(
    path: Path, *, folder: Path, out: Path, settings: Settings, threads: int | None = None
) -> Path:
    """Write the DICOM slice ``path`` of ``folder`` as a worse acquisition shows it, under ``out``.

    Returns
    -------
    The file written. The noise is drawn from the seed and the slice's SOP Instance UID.

    Raises
    ------
    CTReadError : a file that is not a single CT slice in DICOM with pixel spacing.
    """
    if threads:
        torch.set_num_threads(threads)
    source, hu = read_stored(path)
    header = read_header(source, path=str(path))
    spacing = square_side(header.spacing_mm, path=path)
    geometry = scanner(settings.scanner).geometry if settings.scanner else None
    made = acquisition_of(hu, spacing, header.acquisition, geometry)
    seed = noise_seed(settings.seed, source.SOPInstanceUID)
    worse = settings.degradation(hu, spacing, np.random.default_rng(seed))
    shown = degraded(hu, spacing, made, worse, seed)
    target = target_of(path, folder, out)
    dose = worse.relative_dose(made.geometry.views)
    image = derive(source, shown, str(settings), dose=dose)
    if settings.kernel is not None:
        image.ConvolutionKernel = settings.kernel
    write_dicom(target, image)
    return target

"""Simulated images of one normal-dose slice, with their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydicom import Dataset

from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.dicom.header import Header, read_header
from distiliqa.ct.spacing import square_side
from distiliqa.errors import CTReadError
from distiliqa.lab.data.rated_folder import relative
from distiliqa.lab.data.reader_scale import Fidelity, fidelity, reader_score
from distiliqa.lab.data.simulation_recipe import SimulationRecipe, Subject
from distiliqa.metrics.vif import MIN_SIDE
from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.degradation import Degradation, Settings
from distiliqa.simulate.dicom_files import without_dcm
from distiliqa.simulate.faults import covered
from distiliqa.simulate.patient import Patient
from distiliqa.simulate.scanners import scanner
from distiliqa.simulate.simulator import degrade_in_parts


class SimulatedRow(NamedTuple):
    """Row of the manifest: path of an image, its label, and all parameters of its simulation.

    Attributes
    ----------
    path, case, slice, dose, score, source : as in `distiliqa.lab.data.rated_folder.ManifestRow`;
        ``source`` is the normal-dose file, ``case`` its Patient ID.
    patient : number of the patient made of the slice; ``size`` to ``table`` as in `Patient`.
    scanner : scanner with the simulated geometry; empty for that of the file.
    spacing_mm, photons, own_kernel_half, own_kernel_order : of the image before it is degraded,
        see `Acquisition`.
    views to smoothing, seed : as in `Settings`.
    vif, psnr : metrics that give the label, see `Fidelity`.
    """

    path: str
    case: str
    slice: str
    dose: float
    score: float
    source: str
    patient: int
    size: float
    contrast: float
    right: int
    down: int
    table: bool
    scanner: str
    spacing_mm: float
    photons: float
    own_kernel_half: float
    own_kernel_order: float
    views: int | None
    keep_dose: bool
    kernel: str | None
    motion: float
    ring: float
    metal: float
    hardening: float
    truncation: float | None
    smoothing: float
    seed: int
    vif: float
    psnr: float


@dataclass(frozen=True)
class Plan:
    """Source, output and recipe of a data set.

    Attributes
    ----------
    source : the folder of the normal-dose files. out : the folder of the data set.
    device : of torch, ``cpu`` or ``cuda``.
    """

    source: Path
    out: Path
    recipe: SimulationRecipe
    device: str

    def image(self, path: Path, patient: int, version: int) -> Path:
        """Path of an image made of the file ``path``; version 0 is the one without faults."""
        folder = self.out / without_dcm(path.relative_to(self.source))
        return folder / f"patient{patient}_{version}.dcm"

    def images(self, path: Path) -> list[Path]:
        """All images made of one file."""
        patients, versions = self.recipe.patients.count, self.recipe.versions + 1
        return [self.image(path, i, k) for i in range(patients) for k in range(versions)]


def simulate_slice(path: Path, *, plan: Plan) -> list[SimulatedRow]:
    """Write all images of one slice and return their rows of the manifest.

    Raises
    ------
    CTReadError : not a CT slice in DICOM with pixel spacing, too small, or without soft tissue.
    """
    if plan.device == "cpu":
        torch.set_num_threads(1)  # the other cores have slices of their own
    source, hu = read_stored(path)
    header = read_header(source, path=str(path))
    spacing = square_side(header.info.spacing_mm, path=path)
    if min(hu.shape) < MIN_SIDE:
        problem = f"is {hu.shape[0]} x {hu.shape[1]} pixels, too small for a label"
        raise CTReadError(problem, path=path, remedy=f"give {MIN_SIDE} x {MIN_SIDE}")
    digest = hashlib.sha256(f"{plan.recipe.seed} {source.SOPInstanceUID}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return list(_rows(_Slice(path, source, hu, header, spacing), plan, rng))


@dataclass(frozen=True)
class _Slice:
    path: Path
    source: Dataset
    hu: NDArray[np.float32]
    header: Header
    spacing_mm: float


def _rows(one: _Slice, plan: Plan, rng: np.random.Generator) -> Iterator[SimulatedRow]:
    for number in range(plan.recipe.patients.count):
        subject = plan.recipe.draw_patient(number, rng)
        hu = subject.patient.image(one.hu, one.spacing_mm)
        spacing = one.spacing_mm * subject.patient.size
        geometry = scanner(subject.scanner).geometry if subject.scanner else None
        made = acquisition_of(hu, spacing, one.header.info.acquisition, geometry)
        made = made.with_texture(subject.texture) if subject.texture else made
        facts = _facts(one, plan, subject, made) | {"patient": number}
        for version in range(plan.recipe.versions + 1):
            settings = plan.recipe.draw_settings(rng) if version else Settings()
            target = plan.image(one.path, number, version)
            worse = settings.degradation(hu, spacing, np.random.default_rng(settings.seed))
            image, found = _simulated(hu, spacing, made, worse, settings.seed, plan.device)
            if found is None:
                raise CTReadError("shows no soft tissue", path=one.path, remedy="leave it out")
            derived = derive(
                one.source,
                np.rint(image).astype(np.int32),
                f"patient {number}, {settings}",
                dose=worse.relative_dose(made.geometry.views),
            )
            derived.PixelSpacing = [f"{spacing:.6g}"] * 2
            if settings.kernel or subject.texture:
                derived.ConvolutionKernel = settings.kernel or ""
            write_dicom(target, derived)
            yield SimulatedRow(
                path=target.relative_to(plan.out).as_posix(),
                score=round(reader_score(found), 4),
                **facts,
                **{name: getattr(settings, name) for name in _SETTINGS},
                **{name: round(value, 5) for name, value in found._asdict().items()},
            )


def _facts(one: _Slice, plan: Plan, subject: Subject, made: Acquisition) -> dict[str, Any]:
    """Columns of the manifest that all images of one patient share."""
    patient = subject.patient
    return {
        "case": str(one.source.get("PatientID", "")),
        "slice": without_dcm(one.path.relative_to(plan.source)).as_posix(),
        "source": relative(one.path, plan.out),
        **{name: getattr(patient, name) for name in Patient.__dataclass_fields__},
        "scanner": subject.scanner or "",
        "spacing_mm": round(one.spacing_mm * patient.size, 5),
        "photons": round(made.beam.photons),
        "own_kernel_half": round(made.kernel.half, 4),
        "own_kernel_order": round(made.kernel.order, 4),
    }


_NOT_SETTINGS = {"scanner", "process"}  # of the patient, and of images made by a command alone
_SETTINGS = tuple(name for name in Settings.__dataclass_fields__ if name not in _NOT_SETTINGS)


def _simulated(
    hu: NDArray[np.float32],
    spacing_mm: float,
    made: Acquisition,
    worse: Degradation,
    seed: int,
    device: str,
) -> tuple[NDArray[np.float32], Fidelity | None]:
    image = torch.from_numpy(hu)[None].to(device)
    parts = degrade_in_parts(image, spacing_mm, made, worse, [seed])
    shown, noise, structure = (part[0].cpu().numpy() for part in parts)
    seen = covered((hu.shape[0], hu.shape[1]), spacing_mm, worse.truncation)
    return shown, fidelity(hu, noise, structure, spacing_mm, covered=seen)

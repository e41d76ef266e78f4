"""Simulated images of one normal-dose slice, with their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydicom import Dataset

from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.dicom.header import Header, read_header
from distiliqa.ct.spacing import square_side
from distiliqa.errors import CTReadError
from distiliqa.lab.data.quality_map import quality_map
from distiliqa.lab.data.rated_folder import relative
from distiliqa.lab.data.simulated_row import SETTINGS, SimulatedRow, processed
from distiliqa.lab.data.simulation_recipe import DrawnPatient, SimulationRecipe
from distiliqa.lab.label.reader_scale import ReaderScale
from distiliqa.lab.label.simulated_label import Labeled, Subject, labeled
from distiliqa.metrics.noise_level import global_noise_level
from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.dicom_files import without_dcm
from distiliqa.simulate.patient import Patient
from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.scanners import scanner

SIDE = 512  # pixels of the images that the network sees


@dataclass(frozen=True)
class Plan:
    """Source, output and recipe of a data set.

    Attributes
    ----------
    source : the folder of the normal-dose files. out : the folder of the data set.
    scale : of the readers. weights : files of denoising networks.
    """

    source: Path
    out: Path
    recipe: SimulationRecipe
    scale: ReaderScale
    weights: tuple[Path, ...] = ()

    def image(self, path: Path, patient: int, scan: int, number: int) -> Path:
        """Path of an image made of the file ``path``; number 0 is the scan without processing."""
        folder = self.out / without_dcm(path.relative_to(self.source))
        return folder / f"patient{patient}_scan{scan}_{number}.dcm"

    def images(self, path: Path) -> list[Path]:
        """All images made of one file."""
        patients, scans = self.recipe.patients.count, self.recipe.scans.number
        numbers = range(self.recipe.processing.images + 1)
        return [
            self.image(path, patient, scan, number)
            for patient in range(patients)
            for scan in range(scans)
            for number in numbers
        ]


@dataclass(frozen=True)
class _Slice:
    path: Path
    source: Dataset
    hu: NDArray[np.float32]
    header: Header
    spacing_mm: float


def simulate_slice(path: Path, *, plan: Plan) -> list[SimulatedRow]:
    """Write all images of one slice and return their rows of the manifest.

    Raises
    ------
    CTReadError : not a CT slice in DICOM with pixel spacing, not 512 x 512, compressed with loss,
        noisier than the recipe allows, or without soft tissue.
    """
    torch.set_num_threads(1)  # the other cores have slices of their own
    source, hu = read_stored(path)
    header = read_header(source, path=str(path))
    spacing = square_side(header.info.spacing_mm, path=path)
    one = _Slice(path, source, hu, header, spacing)
    _check(one, plan.recipe.max_noise)
    digest = hashlib.sha256(f"{plan.recipe.seed} {source.SOPInstanceUID}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return [
        row
        for number in range(plan.recipe.patients.count)
        for row in _of_patient(one, number, plan, rng)
    ]


def _check(one: _Slice, max_noise: float) -> None:
    rows, columns = one.hu.shape
    if (rows, columns) != (SIDE, SIDE):
        raise CTReadError(
            f"is {rows} x {columns} pixels, and labels are for {SIDE} x {SIDE}",
            path=one.path,
            remedy="leave it out",
        )
    if one.source.get("LossyImageCompression") == "01":
        raise CTReadError("was compressed with loss", path=one.path, remedy="get the original")
    noise = global_noise_level(one.hu, (one.spacing_mm, one.spacing_mm))
    if noise is not None and noise > max_noise:
        raise CTReadError(
            f"has a noise level of {noise:.1f} HU, above max_noise {max_noise:g}",
            path=one.path,
            remedy="leave it out, or raise max_noise in the recipe",
        )


def _of_patient(
    one: _Slice, number: int, plan: Plan, rng: np.random.Generator
) -> Iterator[SimulatedRow]:
    """Write all images of one patient made of a slice."""
    drawn = plan.recipe.patients.draw(number, rng)
    hu = drawn.patient.image(one.hu, one.spacing_mm)
    spacing = one.spacing_mm * drawn.patient.size
    made = _acquisition(one, drawn, hu, spacing, plan.recipe.scans.all_views)
    subject = Subject(hu, spacing, made, int(rng.integers(2**31)))
    if not subject.anatomy.tissue.any():
        raise CTReadError("shows no soft tissue", path=one.path, remedy="leave it out")
    facts = _facts(one, plan, drawn, made) | {"patient": number}
    for scan in range(plan.recipe.scans.number):
        thickness = one.header.info.acquisition.slice_thickness_mm
        settings = plan.recipe.scans.draw(scan, rng, thickness)
        worse = settings.degradation(hu, spacing, np.random.default_rng(settings.seed))
        scanned = subject.scan(worse, settings.seed)
        for version in range(plan.recipe.processing.images + 1):
            chain = plan.recipe.processing.draw(rng, plan.weights) if version else ()
            shown = labeled(subject, scanned, chain)
            target = plan.image(one.path, number, scan, version)
            derived = derive(
                one.source,
                np.rint(shown.image).astype(np.int32),
                f"patient {number}, {replace(settings, process=chain)}",
                dose=worse.relative_dose(made.geometry.views),
            )
            derived.PixelSpacing = [f"{spacing:.6g}"] * 2
            if settings.kernel or drawn.texture:
                derived.ConvolutionKernel = settings.kernel or ""
            write_dicom(target, derived)
            yield _row(plan, subject, shown, target, settings, chain, facts | {"scan": scan})


def _acquisition(
    one: _Slice,
    drawn: DrawnPatient,
    hu: NDArray[np.float32],
    spacing_mm: float,
    views: int | None,
) -> Acquisition:
    geometry = scanner(drawn.scanner).geometry if drawn.scanner else None
    made = acquisition_of(hu, spacing_mm, one.header.info.acquisition, geometry)
    if views is not None:
        made = made.with_views(views)
    return made.with_texture(drawn.texture) if drawn.texture else made


def _row(
    plan: Plan,
    subject: Subject,
    shown: Labeled,
    target: Path,
    settings: Settings,
    chain: Sequence[Processing],
    facts: dict[str, Any],
) -> SimulatedRow:
    """Write the quality map of an image, and return its row."""
    quality = quality_map(subject.anatomy, shown, plan.scale)
    file = target.with_suffix(".npz")
    quality.save(file)
    return SimulatedRow(
        path=target.relative_to(plan.out).as_posix(),
        score=round(quality.score, 4),
        **facts,
        **{name: getattr(settings, name) for name in SETTINGS},
        process=";".join(map(str, chain)),
        process_seed=";".join(str(processing.seed) for processing in chain),
        noise_left=round(shown.noise_left, 4),
        processed=processed(chain, shown.noise_left),
        label_map=file.relative_to(plan.out).as_posix(),
    )


def _facts(one: _Slice, plan: Plan, drawn: DrawnPatient, made: Acquisition) -> dict[str, Any]:
    """Columns of the manifest that all images of one patient share."""
    patient = drawn.patient
    return {
        "case": str(one.source.get("PatientID", "")),
        "slice": without_dcm(one.path.relative_to(plan.source)).as_posix(),
        "source": relative(one.path, plan.out),
        **{name: getattr(patient, name) for name in Patient.__dataclass_fields__},
        "scanner": drawn.scanner or "",
        "spacing_mm": round(one.spacing_mm * patient.size, 5),
        "photons": round(made.beam.photons),
        "own_kernel_half": round(made.kernel.half, 4),
        "own_kernel_order": round(made.kernel.order, 4),
    }

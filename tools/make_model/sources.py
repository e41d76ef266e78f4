"""Step `sources`: the slices of the chosen patients, found in CT folders and copied.

::

    training/PATIENT/1.dcm ...    held_out/PATIENT/1.dcm ...    check/PATIENT/1.dcm ...
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pydicom

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path, make_folder, sha256
from tools.make_model.patients import TRAINS, Patient, Patients, Slice, counts
from tools.make_model.step import Outcome

SIDES = {"pretraining": "training", "training": "training"}  # folder by role; else its name


def check_folders(folders: Sequence[Path], refused: Collection[str]) -> None:
    """Refuse data that nothing may be learned from, by the names of folders.

    Raises
    ------
    DistiliqaError : a folder is missing, is of such data, or holds it.
    """
    for folder in folders:
        if not folder.is_dir():
            raise DistiliqaError("no such folder", path=folder, remedy="check --data")
        inside = (path for path in folder.rglob("*") if path.is_dir())
        for name in {*folder.resolve().parts, *(path.name for path in inside)}:
            if name.lower() in refused:
                raise DistiliqaError(
                    f"holds {name}, which no model may learn from",
                    path=folder,
                    remedy="name folders of normal-dose CT alone",
                )


def copy_sources(patients: Patients, folders: Sequence[Path], out: Path) -> Outcome:
    """Copy the slices of all patients to a folder for each side.

    Raises
    ------
    DistiliqaError : a slice is missing, or its file is not the one that was chosen.
    """
    found: dict[str | None, Path] = {
        info.sop_uid: Path(info.path)
        for folder in reversed(folders)
        for info in index_ct(folder).slices
        if info.sop_uid is not None
    }
    results = [
        copy
        for patient in patients.patients
        for copy in _copy(patient, found, out / SIDES.get(patient.role, patient.role))
    ]
    train, held_out = counts(patients.of(*TRAINS)), counts(patients.of("held_out"))
    return Outcome(
        results,
        {
            "training patients": train["patients"],
            "training slices": train["slices"],
            "held-out patients": held_out["patients"],
            "held-out slices": held_out["slices"],
        },
    )


def _copy(patient: Patient, found: Mapping[str | None, Path], out: Path) -> list[Path]:
    copies = []
    for number, slice_ in enumerate(patient.slices, 1):
        source = _source(patient, slice_, found)
        copy = make_folder(out / patient.patient) / f"{number}.dcm"
        with atomic_path(copy) as partial:
            _write(source, patient.patient, partial)
        copies.append(copy)
    return copies


def _source(patient: Patient, slice_: Slice, found: Mapping[str | None, Path]) -> Path:
    source = found.get(slice_.sop_uid)
    if source is None:
        raise DistiliqaError(
            f"slice {slice_.sop_uid} of patient {patient.patient} is in none of the folders",
            remedy="name the folder that holds it with --data",
        )
    if sha256(source) != slice_.sha256:
        raise DistiliqaError(
            "is not the file that was chosen", path=source, remedy="get the original"
        )
    return source


def _write(source: Path, patient: str, copy: Path) -> None:
    """Copy a file; where it names no patient, data sets made of it need the name."""
    dataset = pydicom.dcmread(source, stop_before_pixels=True)
    if dataset.get("PatientID"):
        shutil.copyfile(source, copy)
        return
    dataset = pydicom.dcmread(source)
    dataset.PatientID = patient
    dataset.save_as(copy)


def training_files(sources: Path, patients: Patients, regions: Collection[str]) -> list[Path]:
    """Copies of the slices of training patients that show one of some regions."""
    return [
        sources / "training" / patient.patient / f"{number}.dcm"
        for patient in patients.of(*TRAINS)
        for number, slice_ in enumerate(patient.slices, 1)
        if slice_.region in regions
    ]

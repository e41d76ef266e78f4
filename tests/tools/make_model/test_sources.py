"""Slices of the chosen patients are found and copied; other data are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from tools.make_model.patients import Patient, Patients, Role, Slice
from tools.make_model.sources import check_folders, copy_sources, training_files

from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256


def patients_of(files: dict[Path, tuple[str, Role]]) -> Patients:
    def patient(file: Path, name: str, role: Role) -> Patient:
        chosen = Slice(
            sop_uid=str(pydicom.dcmread(file).SOPInstanceUID),
            sha256=sha256(file),
            maker=None,
            scanner=None,
            kernel=None,
            thickness_mm=None,
            spacing_mm=0.7,
            noise_hu=9.0,
            region="abdomen",
        )
        return Patient(patient=name, site="S", role=role, slices=(chosen,))

    return Patients(patients=tuple(patient(file, *given) for file, given in files.items()))


@pytest.fixture
def data(tmp_path: Path, write_ct: Callable[..., Path]) -> dict[Path, tuple[str, Role]]:
    hu = np.full((32, 32), 40.0)
    known = write_ct(tmp_path / "data" / "a.dcm", hu, PatientID="A")
    nameless = write_ct(tmp_path / "data" / "b.dcm", hu, PatientID=None)
    return {known: ("A", "pretraining"), nameless: ("B", "held_out")}


def test_slices_are_copied_to_their_side(
    data: dict[Path, tuple[str, Role]], tmp_path: Path
) -> None:
    patients = patients_of(data)
    outcome = copy_sources(patients, [tmp_path / "data"], tmp_path / "out")
    known, nameless = outcome.results
    assert known == tmp_path / "out" / "training" / "A" / "1.dcm"
    assert known.read_bytes() == (tmp_path / "data" / "a.dcm").read_bytes()
    assert nameless == tmp_path / "out" / "held_out" / "B" / "1.dcm"
    assert pydicom.dcmread(nameless).PatientID == "B"
    assert outcome.figures["training slices"] == outcome.figures["held-out slices"] == 1
    assert training_files(tmp_path / "out", patients, ["abdomen"]) == [known]
    assert training_files(tmp_path / "out", patients, ["chest"]) == []


def test_a_missing_slice_and_another_file_are_named(
    data: dict[Path, tuple[str, Role]], tmp_path: Path, write_ct: Callable[..., Path]
) -> None:
    patients = patients_of(data)
    file = tmp_path / "data" / "a.dcm"
    write_ct(file, np.full((32, 32), 41.0), PatientID="A")
    with pytest.raises(DistiliqaError, match=r"a\.dcm: is not the file that was chosen"):
        copy_sources(patients, [tmp_path / "data"], tmp_path / "out")
    file.unlink()
    with pytest.raises(DistiliqaError, match="of patient A is in none of the folders"):
        copy_sources(patients, [tmp_path / "data"], tmp_path / "out")


@pytest.mark.parametrize("place", ["dose_pairs", "ct/Dose_Pairs/deep", "dose_pairs/L143"])
def test_data_that_only_check_are_refused(place: str, tmp_path: Path) -> None:
    (tmp_path / place).mkdir(parents=True)
    folder = tmp_path / place if place.startswith("dose") else tmp_path / "ct"
    with pytest.raises(DistiliqaError, match="which no model may learn from"):
        check_folders([folder], ("dose_pairs",))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="no such folder"):
        check_folders([tmp_path / "none"], ())

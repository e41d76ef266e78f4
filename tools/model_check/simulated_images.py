"""Simulated images of the held-out patients, by the recipes that the shipped model has.

Those that ``make model`` has made are used. Else they are made here, in the same way.
"""

from __future__ import annotations

from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder
from distiliqa.lab.data.rated_folder import TEST
from distiliqa.lab.data.simulated import simulate_dataset
from tools.make_model.images import SCALE, test_cases, with_inputs
from tools.make_model.patients import Patients
from tools.make_model.settings import ModelSettings
from tools.make_model.sources import copy_sources
from tools.model_check.subject import Subject

ALL_FAULTS, UNSEEN, CHALLENGE = "held_out", "unseen", "ldctiqac2023"  # names in model.yaml


def simulated_images(subject: Subject, settings: ModelSettings, name: str) -> Path:
    """Folder of a data set of held-out patients, with its ``test.json``.

    Raises
    ------
    DistiliqaError : a slice cannot be used; all have been chosen for it.
    """
    made = subject.made and subject.made / "simulate" / name
    if made and (made / TEST).is_file():
        return made
    out = subject.work / "simulate" / name
    sources = subject.work / "sources"
    held_out = _held_out(subject)
    copy_sources(held_out, subject.normal_folders, sources)
    scale = make_folder(subject.work / "scale")
    subject.scale.save(scale / SCALE)
    recipe = with_inputs(settings.images[name], scale, (subject.made or subject.work) / "denoisers")
    chosen = test_cases(settings.images[name], sources / "held_out")
    files = sorted((sources / "held_out").rglob("*.dcm"))
    recipe = recipe.model_copy(update={"test_cases": chosen})
    summary = simulate_dataset(sources / "held_out", files, out, recipe)
    for problem in summary.problems:
        raise DistiliqaError(problem.reason, path=problem.path, remedy="choose others")
    return out


def _held_out(subject: Subject) -> Patients:
    """The held-out patients, with the slices that are used."""
    used = {one.ct.sop_uid for one in subject.held_out_slices}
    patients = (
        patient.model_copy(
            update={"slices": tuple(one for one in patient.slices if one.sop_uid in used)}
        )
        for patient in subject.patients.of("held_out")
    )
    return Patients(patients=tuple(patient for patient in patients if patient.slices))

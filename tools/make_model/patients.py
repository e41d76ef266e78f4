"""Patients of a model, fixed before training: who trains, who is held out, and which slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal

import yaml

from distiliqa.files import write_text
from distiliqa.lab.recipe_file import Section, read_yaml, validated

FILE = "patients.yaml"

# `check`: real images, too noisy or too sharp to be made worse; of no patient who trains.
Role = Literal["pretraining", "training", "held_out", "check"]
Region = Literal["chest", "abdomen", "shoulders"]
TRAINS: tuple[Role, ...] = ("pretraining", "training")

_HEAD = """\
# Written by tools.make_model.choose_patients by the rule in selection.yaml, before any training.
# {counts}
"""


class Slice(Section):
    """A slice and the facts that it was chosen by; None where its file does not give them."""

    sop_uid: str
    sha256: str  # of the file
    maker: str | None
    scanner: str | None
    kernel: str | None
    thickness_mm: float | None
    spacing_mm: float
    noise_hu: float | None
    region: Region


class Patient(Section):
    """A patient, by the Patient ID or, where files have none, by the name of their folder."""

    patient: str
    site: str
    role: Role
    slices: tuple[Slice, ...]


class Patients(Section):
    """All patients of a model."""

    patients: tuple[Patient, ...]

    def of(self, *roles: Role) -> tuple[Patient, ...]:
        """Patients with one of these roles."""
        return tuple(patient for patient in self.patients if patient.role in roles)


def load_patients(path: Path) -> Patients:
    """Read a file that `save_patients` wrote. Raises `RecipeError` where it is none."""
    return validated(Patients, read_yaml(path), path)


def save_patients(patients: Patients, path: Path) -> None:
    """Write patients as YAML, headed by their counts."""
    head = _HEAD.format(counts="\n# ".join(_table(patients.patients)))
    content = yaml.safe_dump(
        patients.model_dump(mode="json"), sort_keys=False, width=100, allow_unicode=True
    )
    write_text(path, head + content)


def counts(patients: Iterable[Patient]) -> dict[str, int]:
    """Count patients, slices, sites, makers and kernels."""
    known = list(patients)
    slices = [slice_ for patient in known for slice_ in patient.slices]
    return {
        "patients": len(known),
        "slices": len(slices),
        "sites": len({patient.site for patient in known}),
        "makers": len({slice_.maker for slice_ in slices} - {None}),
        "kernels": len({slice_.kernel for slice_ in slices} - {None}),
        **{f"of {name}": n for name, n in sorted(Counter(s.region for s in slices).items())},
    }


def _table(patients: Collection[Patient]) -> list[str]:
    roles = sorted({patient.role for patient in patients})
    lines = []
    for role in roles:
        found = counts(patient for patient in patients if patient.role == role)
        lines.append(f"{role}: " + ", ".join(f"{n} {name}" for name, n in found.items()))
    return lines

"""Choose patients and slices of a model by the rule in its selection.yaml; writes patients.yaml.

python -m tools.make_model.choose_patients training/compact --data DIR --data DIR
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np

from distiliqa.ct import CTSlice, index_ct
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.files import sha256
from distiliqa.jobs import run_jobs
from distiliqa.lab.recipe_file import Section, read_yaml, validated
from distiliqa.metrics import global_noise_level
from distiliqa.simulate.patient import body_outline
from tools.entry import run
from tools.make_model.patients import (
    FILE,
    Patient,
    Patients,
    Region,
    Role,
    Slice,
    save_patients,
)

RULE = "selection.yaml"
_LUNG_HU = -500.0


class HeldOut(Section):
    """Patients held out: of these sites, and with a slice of these kernels."""

    sites: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()


class Selection(Section):
    """Rule of the selection; see the comments of the file."""

    max_noise_hu: float
    shape: tuple[int, int]
    max_slices: int
    max_air_of_abdomen: float
    sites: dict[str, str]
    held_out: HeldOut
    pretraining: tuple[str, ...]
    regions: dict[str, Region]


class Candidate(NamedTuple):
    """Slice that may be chosen."""

    patient: str
    order: tuple[str, float]  # series and position
    slice: Slice
    clean: bool


def main() -> None:
    parser = argparse.ArgumentParser(description="choose patients and slices by a written rule")
    parser.add_argument("model", type=Path, help=f"folder with {RULE}; {FILE} is written there")
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    options = parser.parse_args()
    rule_file = options.model / RULE
    rule = validated(Selection, read_yaml(rule_file), rule_file)
    candidates, reasons = examined(options.data, rule)
    patients = chosen(candidates, rule)
    save_patients(patients, options.model / FILE)
    for reason, count in sorted(reasons.items()):
        print(f"left out: {count} slices, {reason}")
    print(f"{options.model / FILE}: {len(patients.patients)} patients")


def examined(folders: Sequence[Path], rule: Selection) -> tuple[list[Candidate], Counter[str]]:
    """All slices that may be chosen, and how many were left out for which reason."""
    infos = [info for folder in folders for info in index_ct(folder).slices]
    jobs = [(info.path, rule) for info in infos]
    found: list[Candidate] = []
    reasons = Counter[str]()
    for _, outcome in run_jobs(_examine, jobs, description="examining"):
        if isinstance(outcome, Candidate):
            found.append(outcome)
        else:
            problem = outcome.problem if isinstance(outcome, CTReadError) else outcome
            reasons[problem] += 1
    return sorted({one.slice.sop_uid: one for one in found}.values()), reasons


def _examine(job: tuple[str, Selection]) -> Candidate | str:
    """A candidate, or the reason why it cannot be one."""
    path, rule = job
    (info,) = index_ct(Path(path)).slices
    ct = info.read()
    if any("lossy" in warning for warning in ct.warnings):
        return "lossy compression"
    if ct.hu.shape != rule.shape:
        return "another size"
    if info.spacing_mm is None or info.sop_uid is None:
        return "no pixel spacing or no SOP Instance UID"
    noise = global_noise_level(ct.hu, info.spacing_mm)
    made = info.acquisition
    slice_ = Slice(
        sop_uid=info.sop_uid,
        sha256=sha256(Path(path)),
        maker=made.manufacturer,
        scanner=made.scanner,
        kernel=made.kernel,
        thickness_mm=made.slice_thickness_mm,
        spacing_mm=round(info.spacing_mm[0], 4),
        noise_hu=None if noise is None else round(noise, 1),
        region=rule.regions.get(Path(path).name) or _region(ct, rule),
    )
    return Candidate(
        patient=info.patient_id or Path(path).parent.name,
        order=(info.series_uid or "", info.position_mm or 0.0),
        slice=slice_,
        clean=noise is not None and noise <= rule.max_noise_hu,
    )


def _region(ct: CTSlice, rule: Selection) -> Region:
    body = ct.hu[body_outline(ct.hu)]
    air = float(np.mean(body < _LUNG_HU)) if body.size else 0.0
    return "abdomen" if air <= rule.max_air_of_abdomen else "chest"


def chosen(candidates: Sequence[Candidate], rule: Selection) -> Patients:
    """Patients with their roles and slices; of the clean slices where a patient has any."""
    names = sorted({one.patient for one in candidates})
    return Patients(patients=tuple(_patient(name, candidates, rule) for name in names))


def _patient(name: str, candidates: Sequence[Candidate], rule: Selection) -> Patient:
    own = [one for one in candidates if one.patient == name]
    clean = [one for one in own if one.clean]
    site = site_of(name, rule)
    usable = sorted(clean or own, key=lambda one: one.order)
    at = np.linspace(0, len(usable) - 1, min(len(usable), rule.max_slices)).round().astype(int)
    slices = tuple(usable[i].slice for i in at)
    role = _role(name, site, slices, rule) if clean else "check"
    return Patient(patient=name, site=site, role=role, slices=slices)


def site_of(name: str, rule: Selection) -> str:
    """Site of a patient. Raises `DistiliqaError` where no pattern has the patient."""
    for pattern, site in rule.sites.items():
        if fnmatchcase(name, pattern):
            return site
    raise DistiliqaError(f"patient {name} is of no site", remedy=f"add a pattern to {RULE}")


def _role(name: str, site: str, slices: Sequence[Slice], rule: Selection) -> Role:
    kernels = {slice_.kernel for slice_ in slices}
    if site in rule.held_out.sites or kernels & set(rule.held_out.kernels):
        return "held_out"
    return "pretraining" if name in rule.pretraining else "training"


if __name__ == "__main__":
    run(main)

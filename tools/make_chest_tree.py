"""Make chests in the layout of TCIA LDCT-and-Projection-data from normal-dose CT.

    python -m tools.make_chest_tree training/compact/patients.yaml --sources WORK/sources --out DIR

The chest slices of the training patients are the full doses; the low doses are simulated at a
tenth. WORK is that of tools.make_model, after its step sources. What is there is not made again.
"""

from __future__ import annotations

import argparse
import shutil
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from distiliqa.errors import CTReadError
from distiliqa.files import make_folder
from distiliqa.jobs import run_jobs
from distiliqa.lab.data.tcia import LOW_DOSES
from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.dicom_files import simulate_file
from tools.entry import run
from tools.make_model.patients import load_patients
from tools.make_model.sources import training_files

FULL, LOW = "1.000000-Full Dose Images-1", "1.000000-Low Dose Images-2"
CHEST = "C"  # first letter of a case


def make_tree(files: Sequence[Path], out: Path, *, jobs: int | None = None) -> list[Path]:
    """Write full and low doses of slices, one case for each folder that they lie in.

    Returns
    -------
    The low doses.

    Raises
    ------
    CTReadError : the first slice that cannot be simulated.
    """
    by_patient: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(files):
        by_patient[path.parent].append(path)
    copies = []
    for number, paths in enumerate(by_patient.values(), 1):
        folder = make_folder(out / f"{CHEST}{number:03d}" / "study" / FULL)
        for n, path in enumerate(paths, 1):
            copies.append(folder / f"1-{n:03d}.dcm")
            if not copies[-1].is_file():  # a new date would make all that follows anew
                shutil.copyfile(path, copies[-1])
    missing = [path for path in copies if not low_dose_of(path).is_file()]
    work = partial(_simulate, threads=1)
    for _, outcome in run_jobs(work, missing, jobs=jobs, description="simulating"):
        if isinstance(outcome, CTReadError):
            raise outcome
    return [low_dose_of(path) for path in copies]


def low_dose_of(full: Path) -> Path:
    """Path of the low dose of a full one."""
    return full.parent.with_name(LOW) / full.name


def _simulate(full: Path, threads: int) -> Path:
    settings = Settings(dose=LOW_DOSES[CHEST])
    out = low_dose_of(full).parent
    return simulate_file(full, folder=full.parent, out=out, settings=settings, threads=threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("patients", type=Path, help="patients.yaml of tools.make_model")
    parser.add_argument("--sources", type=Path, required=True, help="folder of its step sources")
    parser.add_argument("--out", type=Path, required=True, help="folder of the tree")
    chosen = parser.parse_args()
    files = training_files(chosen.sources, load_patients(chosen.patients), ("chest",))
    made = make_tree(files, chosen.out)
    print(f"{len(made)} pairs of doses in {chosen.out}")


if __name__ == "__main__":
    run(main)

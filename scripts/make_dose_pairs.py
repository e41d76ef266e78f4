"""Make a training tree for `distiliqa preprocess --pairs` from normal-dose CT.

    python scripts/make_dose_pairs.py FOLDER OUT [--dose 0.10 | --dose 0.05,0.25]

For each DICOM slice under FOLDER a low-dose version is simulated and written to OUT/low;
OUT/pairs.csv names the pairs. Of two doses the dose of each slice is drawn between them, evenly on
a logarithmic scale. What is there from an earlier run is kept.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import os
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydicom import Dataset, dcmread

from distiliqa.ct.derived_dicom import derive, read_stored, write_dicom
from distiliqa.ct.header import read_header
from distiliqa.data.jobs import run_jobs
from distiliqa.data.pairs import COLUMNS
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.files import write_text
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.dose import lower_dose


class Pair(NamedTuple):
    full: str
    low: str
    case: str
    low_dose: float


def main() -> int:
    parser = argparse.ArgumentParser(description="simulate low-dose versions of normal-dose CT")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dose", default="0.10", help="relative dose, or LOW,HIGH to draw it")
    parser.add_argument("--jobs", type=int, default=None)
    arguments = parser.parse_args()
    doses = tuple(float(part) for part in arguments.dose.split(","))
    files = sorted(path for path in arguments.folder.rglob("*") if _may_be_dicom(path))
    work = partial(make_pair, folder=arguments.folder, out=arguments.out, doses=doses)
    results = dict(run_jobs(work, files, jobs=arguments.jobs, description="simulating doses"))
    pairs = [pair for _, pair in sorted(results.items()) if not isinstance(pair, CTReadError)]
    write_pairs(arguments.out / "pairs.csv", pairs)
    for problem in (results[i] for i in sorted(results) if isinstance(results[i], CTReadError)):
        print(problem, file=sys.stderr)
    return int(len(pairs) < len(files))


def _may_be_dicom(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in ("", ".dcm", ".ima")


def make_pair(path: Path, *, folder: Path, out: Path, doses: tuple[float, ...]) -> Pair:
    source, hu = read_stored(path)
    # One seed a slice, from the slice itself: a rerun, or a run over fewer files, gives the same.
    seed = int.from_bytes(hashlib.sha256(source.SOPInstanceUID.encode()).digest()[:8], "big")
    dose = _draw(doses, seed)
    derivation = f"simulated dose {dose:g}"
    low = (out / "low" / path.relative_to(folder)).with_suffix(".dcm")
    if not _is_done(low, derivation):
        spacing = (float(source.PixelSpacing[0]), float(source.PixelSpacing[1]))
        made = acquisition_of(hu, spacing[0], read_header(source, path=str(path)).acquisition)
        noisy = lower_dose(hu, spacing, dose, seed=seed, acquisition=made)
        write_dicom(low, derive(source, np.rint(noisy).astype(np.int32), derivation))
    return Pair(_relative(path, out), _relative(low, out), _case(source, path), dose)


def _draw(doses: tuple[float, ...], seed: int) -> float:
    lowest, highest = np.log(min(doses)), np.log(max(doses))
    return round(float(np.exp(np.random.default_rng(seed).uniform(lowest, highest))), 4)


def _is_done(low: Path, derivation: str) -> bool:
    if not low.exists():
        return False
    return dcmread(low, stop_before_pixels=True).get("DerivationDescription") == derivation


def _relative(path: Path, start: Path) -> str:
    return Path(os.path.relpath(path.resolve(), start.resolve())).as_posix()


def _case(source: Dataset, path: Path) -> str:
    return str(source.get("PatientID") or path.parent.name)


def write_pairs(path: Path, pairs: list[Pair]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(pairs)
    write_text(path, text.getvalue())


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DistiliqaError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("interrupted; run again to resume", file=sys.stderr)
        sys.exit(130)

"""Fit the scale of readers on abdominal slices under the twelve scans of LDCTIQAC2023.

    python -m tools.make_model.scale NORMAL_DOSE [NORMAL_DOSE ...] --out scale.json

No rating of an image is used, see `distiliqa.lab.label.reader_scale`. A killed run goes on where it
stopped. The scale of the package is src/distiliqa/lab/label/ldctiqac2023.json.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.jobs import run_jobs
from distiliqa.lab.data.rated_folder import Journal, stamp
from distiliqa.lab.data.simulated_slice import SIDE
from distiliqa.lab.label.reader_scale import FULL_VIEWS, ReaderScale, combinations, fit_scale
from distiliqa.lab.label.simulated_label import Subject, labeled
from distiliqa.metrics.noise_level import global_noise_level
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.patient import lung_share
from distiliqa.version import __version__
from tools.entry import run

NOISE_HU = (7.0, 17.0)  # full dose of an abdominal scan with a soft kernel
MAX_LUNG = 0.03
PER_PATIENT = 2
SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+", help="folders of normal-dose slices")
    parser.add_argument("--out", type=Path, required=True, help="JSON file of the scale")
    parser.add_argument("--jobs", type=int, help="processes; all cores by default")
    chosen = parser.parse_args()
    slices = abdominal(info for folder in chosen.data for info in index_ct(folder).slices)
    scale = fitted(slices, chosen.out.with_suffix(".jsonl"), chosen.jobs)
    scale.save(chosen.out)
    print(f"{len(slices)} slices: {chosen.out}")


def abdominal(infos: Iterable[SliceInfo]) -> list[SliceInfo]:
    """The first slices of each patient that are like those of the challenge."""
    found: Counter[str | None] = Counter()
    chosen = []
    for info in infos:
        if found[info.patient_id] < PER_PATIENT and _is_like_the_challenge(info.read()):
            found[info.patient_id] += 1
            chosen.append(info)
    if not chosen:
        raise DistiliqaError(
            "no abdominal slices of normal dose, 512 x 512 pixels, 7 to 17 HU of noise",
            remedy="name another folder",
        )
    return chosen


def _is_like_the_challenge(ct: CTSlice) -> bool:
    if ct.spacing_mm is None or ct.hu.shape != (SIDE, SIDE):
        return False
    noise = global_noise_level(ct.hu, ct.spacing_mm)
    low, high = NOISE_HU
    return noise is not None and low < noise < high and lung_share(ct.hu) < MAX_LUNG


def fitted(slices: Sequence[SliceInfo], done: Path, jobs: int | None = None) -> ReaderScale:
    """Scale of these slices; ``done`` is the journal of the slices that were scanned already."""
    journal = Journal(done)
    stamps = [stamp((__version__, SEED), (Path(info.path),)) for info in slices]
    found = [journal.find(key) for key in stamps]
    pending = [index for index, entry in enumerate(found) if entry is None]
    work = [slices[index] for index in pending]
    for index, scans in run_jobs(detectability, work, jobs=jobs, description="scanning"):
        if isinstance(scans, CTReadError):
            raise scans
        found[pending[index]] = {"detectability": scans}
        journal.enter(stamps[pending[index]], {"detectability": scans})
    patients = defaultdict[str | None, list[list[float]]](list)
    for info, entry in zip(slices, found, strict=True):
        if entry is not None:
            patients[info.patient_id].append(entry["detectability"])
    return fit_scale([np.mean(scans, axis=0) for scans in patients.values()])


def detectability(info: SliceInfo) -> list[float]:
    """Mean detectability of a slice in each of the twelve scans."""
    torch.set_num_threads(1)
    return list(_scanned(info.read()))


def _scanned(ct: CTSlice) -> Iterator[float]:
    assert ct.spacing_mm is not None
    spacing = ct.spacing_mm[0]
    made = acquisition_of(ct.hu, spacing, ct.acquisition).with_views(FULL_VIEWS)
    subject = Subject(ct.hu, spacing, made, SEED)
    for worse in combinations(ct.acquisition.slice_thickness_mm):
        shown = labeled(subject, subject.scan(worse, SEED))
        yield float(subject.anatomy.mean(shown.detectability))


if __name__ == "__main__":
    run(main)

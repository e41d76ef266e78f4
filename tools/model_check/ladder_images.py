"""Images and labels of the ladders of held-out slices, made once and kept in the work folder.

::

    WORK/ladders/PATIENT_NUMBER/LADDER.npz

They depend on the slices, on the scale of the labels, and on the code that simulates and labels;
on no model.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa import simulate
from distiliqa.ct.spacing import square_side
from distiliqa.errors import CTReadError
from distiliqa.files import atomic_path, make_folder
from distiliqa.jobs import run_jobs
from distiliqa.lab import label
from distiliqa.lab.data.quality_map import QualityMap, quality_map
from distiliqa.lab.label.reader_scale import ReaderScale
from distiliqa.lab.label.simulated_label import Scan, labeled
from distiliqa.lab.label.simulated_label import Subject as LabeledSlice
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Settings
from tools.model_check.ladder_kinds import LadderKind, Rung
from tools.model_check.subject import Slice, Subject, read

FOLDER = "ladders"


class RungImages(NamedTuple):
    """One ladder of one slice.

    Attributes
    ----------
    images : int16, (rungs, rows, columns), HU. labels : (rungs,), 0 to 4.
    quality : (rungs, 16, 16), the label by blocks. weight : (16, 16), the weights of the blocks.
    """

    images: NDArray[np.int16]
    labels: NDArray[np.float64]
    quality: NDArray[np.float32]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class Job:
    """Slice whose ladders are made: a file, a folder for them, and the seed of all draws."""

    path: Path
    folder: Path
    seed: int


def make_ladders(
    subject: Subject, kinds: Sequence[LadderKind], *, jobs: int | None = None
) -> list[Job]:
    """Make what is missing of the ladders of all held-out slices.

    Raises
    ------
    CTReadError : a slice that cannot be simulated; all have been chosen for it.
    """
    todo = jobs_of(subject)
    work = partial(_make, kinds=tuple(kinds), scale=subject.scale)
    for _, outcome in run_jobs(work, todo, jobs=jobs, description="making ladders"):
        if isinstance(outcome, CTReadError):
            raise outcome
    return todo


def jobs_of(subject: Subject) -> list[Job]:
    """A job for each held-out slice, in their order; its name does not depend on the others."""
    return [_job(one, subject.work / FOLDER) for one in subject.held_out_slices]


def _job(one: Slice, folder: Path) -> Job:
    seed = zlib.crc32(str(one.ct.sop_uid).encode())
    name = re.sub(r"[^\w.-]", "_", one.patient)
    return Job(one.path, folder / f"{name}_{seed:08x}", seed >> 1)


def _make(job: Job, *, kinds: Sequence[LadderKind], scale: ReaderScale) -> int:
    """Make the missing ladders of one slice; their number."""
    missing = [kind for kind in kinds if load(job, kind, scale) is None]
    if not missing:
        return 0
    torch.set_num_threads(1)  # the other cores have slices of their own
    maker = _Maker(job, scale)
    for kind in missing:
        maker.make(kind)
    return len(missing)


class _Maker:
    """Makes ladders of one slice; scans that several ladders share are made once."""

    def __init__(self, job: Job, scale: ReaderScale) -> None:
        self.job, self.scale = job, scale
        ct = read(job.path)
        self.hu = ct.hu
        self.spacing = square_side(ct.spacing_mm, path=job.path)
        made = acquisition_of(ct.hu, self.spacing, ct.acquisition)
        self.views = made.geometry.views
        self.slice = LabeledSlice(ct.hu, self.spacing, made, job.seed)
        self._shared: dict[Settings, Scan] = {}

    def make(self, kind: LadderKind) -> None:
        """Write one ladder."""
        shown = [self._shown(kind.at(strength)) for strength in kind.rungs]
        images, maps = zip(*shown, strict=True)
        make_folder(self.job.folder)
        with atomic_path(_path(self.job, kind)) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(
                file,
                images=np.stack(images),
                labels=np.array([one.score for one in maps]),
                quality=np.stack([one.quality for one in maps]),
                weight=maps[0].weight,
                stamp=np.array(_stamp(kind, self.scale)),
            )

    def _shown(self, rung: Rung) -> tuple[NDArray[np.int16], QualityMap]:
        chain = [replace(one, seed=self.job.seed) for one in rung.chain]
        found = labeled(self.slice, self._scan(rung.scan), chain)
        image = np.rint(found.image).clip(-32768, 32767).astype(np.int16)
        return image, quality_map(self.slice.anatomy, found, self.scale)

    def _scan(self, settings: Settings) -> Scan:
        if settings in self._shared:
            return self._shared[settings]
        drawn = np.random.default_rng(self.job.seed)  # one place and direction for all rungs
        worse = settings.degradation(self.hu, self.spacing, drawn)
        scan = self.slice.scan(worse, self.job.seed)
        if settings == Settings(dose=settings.dose):  # where processing begins
            self._shared[settings] = scan
        return scan


def load(job: Job, kind: LadderKind, scale: ReaderScale) -> RungImages | None:
    """Read a ladder; None where it was not made, or by another definition."""
    try:
        with np.load(_path(job, kind), allow_pickle=False) as file:
            if str(file["stamp"]) != _stamp(kind, scale):
                return None
            return RungImages(*(file[name] for name in RungImages._fields))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def loaded(
    subject: Subject, kinds: Sequence[LadderKind]
) -> Iterator[tuple[LadderKind, Slice, RungImages]]:
    """Yield the ladders of all held-out slices, those of one slice together."""
    for one, job in zip(subject.held_out_slices, jobs_of(subject), strict=True):
        for kind in kinds:
            rungs = load(job, kind, subject.scale)
            assert rungs is not None  # `make_ladders` has made it
            yield kind, one, rungs


def _path(job: Job, kind: LadderKind) -> Path:
    return job.folder / f"{re.sub(r'[^a-z0-9]+', '_', kind.name.lower())}.npz"


@lru_cache(maxsize=1)
def _code() -> str:
    """SHA-256 of the code that simulates and labels."""
    folders = (Path(label.__file__).parent, Path(simulate.__file__).parent)
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _stamp(kind: LadderKind, scale: ReaderScale) -> str:
    """All that the images and labels of a ladder depend on."""
    weights = kind.weights and zlib.crc32(kind.weights.read_bytes())
    rungs = [str(kind.at(strength)) for strength in kind.rungs]
    return json.dumps([_code(), kind.fault, rungs, weights, scale.knots])

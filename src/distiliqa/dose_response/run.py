"""Simulate lower doses of a normal-dose series, and score them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct import CTSlice, Problem, SliceRef, index_ct
from distiliqa.dose_response.result import DosePoint, DoseResponse
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.files import sha256
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.model import Model
from distiliqa.scoring.reader import file_of
from distiliqa.scoring.result import SliceScore
from distiliqa.scoring.run import Progress
from distiliqa.simulate.acquisition import acquisition_of
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.simulator import degrade

DOSES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
SLICES = 12


def dose_response(
    source: str,
    model: Model,
    *,
    least: float | None = None,
    doses: Sequence[float] = DOSES,
    slices: int = SLICES,
    seed: int = 0,
    progress: Progress | None = None,
) -> DoseResponse:
    """Score a normal-dose series at its own dose and at simulated lower ones.

    The series counts as full dose. A slice has the same draw of noise at every dose, so that doses
    differ by the dose alone. Ctrl-C ends the run early; the slices done until then are the result.

    Parameters
    ----------
    source : one CT series in DICOM.
    least : the score to reach, on the scale of the model; three quarters of the way to the best of
        it where not given.
    doses : relative, above 0 to 1; full dose is always among them.
    slices : the most to simulate, evenly spread along the series.
    progress : called with the number of images done and all of them.

    Raises
    ------
    DistiliqaError : not one series in DICOM with pixel spacing, a dose or score out of range, or
        no slice could be simulated.
    """
    least = _checked_least(least, model)
    doses = _checked_doses(doses)
    refs = _series(source)
    chosen = [refs[n] for n in np.unique(np.linspace(0, len(refs) - 1, slices).round().astype(int))]
    done = _scored(chosen, model, doses, seed, progress)
    if not done.rows:
        raise DistiliqaError(
            "no slice could be simulated",
            path=source,
            remedy=f"the first is {done.failed[0].path}: {done.failed[0].reason}",
        )
    known = [row for row in done.rows if not row[0].outside] or done.rows
    return DoseResponse(
        model=model.config,
        source=source,
        least=least,
        points=tuple(
            DosePoint(dose, tuple(column))
            for dose, column in zip(doses, zip(*known, strict=True), strict=True)
        ),
        left_out=len(done.rows) - len(known),
        failed=tuple(done.failed),
        found=len(refs),
        seed=seed,
        sha256=done.sha256,
        shown=done.shown,
        complete=len(done.rows) + len(done.failed) == len(chosen),
    )


def _checked_least(least: float | None, model: Model) -> float:
    scale = model.config.scale
    best = scale.low + scale.high - scale.worst
    if least is None:
        return scale.worst + 0.75 * (best - scale.worst)
    if not scale.low <= least <= scale.high:
        raise DistiliqaError(
            f"a score of {least:g} is not on the scale of {model.title}",
            remedy=f"give --at-least from {scale.low:g} to {scale.high:g}",
        )
    return least


def _checked_doses(doses: Sequence[float]) -> tuple[float, ...]:
    for dose in doses:
        if not 0 < dose <= 1:
            raise DistiliqaError(
                f"a relative dose of {dose:g} cannot be simulated",
                remedy="give --doses above 0 and at most 1",
            )
    if set(doses) <= {1.0}:
        raise DistiliqaError("no lower dose to simulate", remedy="give --doses such as 0.5,0.25")
    return tuple(sorted({1.0, *doses}, reverse=True))


def _series(source: str) -> tuple[SliceRef, ...]:
    refs = index_ct(source).slices
    if (count := len({ref.series for ref in refs})) > 1:
        raise DistiliqaError(
            f"holds {count} series", path=source, remedy="give the folder of one series"
        )
    if any(ref.sop_uid is None for ref in refs):
        raise DistiliqaError(
            "is not DICOM, which tells the scanner, kernel and pixel spacing to simulate",
            path=source,
            remedy="give the DICOM series",
        )
    return refs


class _Scored:
    """What is done so far: a row a slice, with its score at each dose."""

    def __init__(self) -> None:
        self.rows: list[list[SliceScore]] = []
        self.failed: list[Problem] = []
        self.sha256: dict[str, str] = {}
        self.shown: tuple[NDArray[np.float32], ...] = ()


def _scored(
    chosen: Sequence[SliceRef],
    model: Model,
    doses: Sequence[float],
    seed: int,
    progress: Progress | None,
) -> _Scored:
    done, count = _Scored(), len(chosen) * len(doses)
    try:
        for number, ref in enumerate(chosen):
            images: list[NDArray[np.float32]] = []
            row: list[SliceScore] = []
            try:
                shown = _at_doses(ref.load(), doses, seed, images)
                for each in model.score_slices(shown, batch_size=1):
                    row.append(each)
                    if progress is not None:
                        progress(number * len(doses) + len(row), count)
            except (CTReadError, ValueError) as error:
                done.failed.append(problem_of(error, ref.path))
                continue
            done.rows.append(row)
            done.sha256[str(file_of(ref.path))] = sha256(file_of(ref.path))
            if number <= len(chosen) // 2:
                done.shown = tuple(images)
    except KeyboardInterrupt:
        if not done.rows:
            raise
    return done


def _at_doses(
    ct: CTSlice, doses: Sequence[float], seed: int, images: list[NDArray[np.float32]]
) -> Iterator[CTSlice]:
    """The slice at each dose; its pixels are kept in ``images`` too."""
    if ct.spacing_mm is None:
        raise CTReadError("lacks Pixel Spacing", path=ct.path, remedy="get the file again")
    spacing = ct.spacing_mm[0]
    made = acquisition_of(ct.hu, spacing, ct.acquisition)
    digest = hashlib.sha256(f"{seed} {ct.sop_uid} {ct.frame}".encode()).digest()
    seeds = [int.from_bytes(digest[:7], "big")]
    for dose in doses:
        image = torch.from_numpy(ct.hu)[None]
        hu = degrade(image, spacing, made, Degradation(dose=dose), seeds)[0].numpy()
        images.append(hu)
        yield replace(ct, hu=hu)

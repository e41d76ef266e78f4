"""Simulate lower doses of a normal-dose series, and score them."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice, Problem, SliceInfo, index_ct
from distiliqa.ct.volumes.detached import sha256_of
from distiliqa.dose_response.dose_curve import DoseCurve
from distiliqa.dose_response.result import DosePoint
from distiliqa.errors import CTReadError, DistiliqaError, quoted
from distiliqa.metrics.slice_measures import detectability_of
from distiliqa.models.folder import DEFAULT
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.model import Model, as_model
from distiliqa.scoring.prepare import prepare
from distiliqa.scoring.run import Progress
from distiliqa.scoring.series_score import counted
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.lower_doses import at_doses
from distiliqa.simulate.noise import MIN_DOSE

DOSES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
SLICES = 12


def dose_response(
    source: str | Path,
    model: str | Path | Model = DEFAULT,
    *,
    at_least: float | None = None,
    doses: Sequence[float] = DOSES,
    slices: int = SLICES,
    seed: int = 0,
    progress: Progress | None = None,
    max_noise_hu: float | None = None,
    min_dprime: float | None = None,
) -> DoseCurve:
    """Score a normal-dose series at its own dose and at simulated lower ones.

    It is what ``distiliqa dose-response`` does. The series counts as full dose. A slice has the
    same draw of noise at every dose, so that doses differ by the dose alone, and it is that of
    ``distiliqa simulate``. Ctrl-C ends the run early; the slices done until then are the result.

    Parameters
    ----------
    source : str or Path
        One CT series in DICOM.
    model : str, Path or Model
        Name of a shipped model, a model folder, or a model already loaded.
    at_least : float, optional
        The score to reach, on the scale of the model; three quarters of the way to the best of it
        where not given.
    doses : Sequence[float]
        Relative, above 0 to 1; full dose is always among them.
    slices : int
        The most to simulate, evenly spread along the series; 1 is the middle one.
    seed : int
        Seed of the noise.
    progress : Callable[[int, int], None], optional
        Called with the number of images done and all of them.
    max_noise_hu : float, optional
        A noise level not to exceed, HU, as a further criterion.
    min_dprime : float, optional
        A detectability index d' to reach, as a further criterion.

    Returns
    -------
    DoseCurve
        The scores at each dose, and the lowest dose that suffices.

    Raises
    ------
    DistiliqaError
        No such model; not one series in DICOM with pixel spacing; a dose, score, noise level or d'
        out of range; or no slice could be simulated.
    ValueError
        ``doses`` is no list of numbers, or ``slices`` is below 1.
    TypeError
        What should be a path is none, such as an array.

    Examples
    --------
    >>> found = distiliqa.dose_response("full_dose", doses=(0.5, 0.25), slices=4)
    >>> [(point.dose, point.mean) for point in found.points]
    """
    source, model = os.fspath(source), as_model(model)
    least = _checked_least(at_least, model)
    _require_positive(max_noise_hu, "noise level", "--max-noise")
    _require_positive(min_dprime, "d'", "--min-dprime")
    doses = _checked_doses(doses)
    if slices < 1:
        raise ValueError(f"{slices} slices; give 1 or more")
    index = index_ct(source)
    infos = index.slices
    _require_one_series(infos, source)
    chosen = _spread(infos, slices)
    done = _Scoring(model, doses, seed, progress)
    done.run(chosen)
    _require_rows(done, source)
    known = counted(done.rows, lambda row: row[0].tier)
    columns = zip(*known, strict=True)
    return DoseCurve(
        model=model.config,
        source=source,
        least=least,
        points=tuple(DosePoint(*point) for point in zip(doses, columns, strict=True)),
        left_out=len(done.rows) - len(known),
        failed=(*index.failed, *done.failed),
        found=len(infos),
        seed=seed,
        sha256=done.sha256,
        shown=done.shown,
        complete=len(done.rows) + len(done.failed) == len(chosen),
        max_noise_hu=max_noise_hu,
        min_dprime=min_dprime,
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


def _require_positive(value: float | None, name: str, option: str) -> None:
    if value is not None and not 0 < value < math.inf:
        raise DistiliqaError(
            f"a {name} of {value:g} is not above 0", remedy=f"give {option} above 0"
        )


def _checked_doses(doses: Sequence[float]) -> tuple[float, ...]:
    if isinstance(doses, str | float | int) or not all(isinstance(dose, Real) for dose in doses):
        raise ValueError(f"doses {quoted(doses)}; give a list such as [0.5, 0.25]")
    for dose in doses:
        if not MIN_DOSE <= dose <= 1:
            raise DistiliqaError(
                f"a relative dose of {dose:g} cannot be simulated",
                remedy=f"give --doses from {MIN_DOSE:g} to 1",
            )
    if set(doses) <= {1.0}:
        raise DistiliqaError("no lower dose to simulate", remedy="give --doses such as 0.5,0.25")
    return tuple(sorted({1.0, *doses}, reverse=True))


def _require_one_series(infos: Sequence[SliceInfo], source: str) -> None:
    if (count := len({info.series for info in infos})) > 1:
        raise DistiliqaError(
            f"holds {count} series", path=source, remedy="give the folder of one series"
        )
    if any(info.sop_uid is None for info in infos):
        raise DistiliqaError(
            "is not DICOM, which states the scanner, kernel and pixel spacing to simulate",
            path=source,
            remedy="give the DICOM series",
        )


def _spread(infos: Sequence[SliceInfo], count: int) -> list[SliceInfo]:
    """At most ``count`` slices from end to end; the middle one where it is to stand for all."""
    if count == 1:
        return [infos[len(infos) // 2]]
    return [infos[n] for n in np.unique(np.linspace(0, len(infos) - 1, count).round().astype(int))]


@dataclass
class _Scoring:
    """Scores slices at all doses; one row for each slice, with its score at each dose."""

    model: Model
    doses: Sequence[float]
    seed: int
    progress: Progress | None
    rows: list[list[SliceScore]] = field(default_factory=list)
    failed: list[Problem] = field(default_factory=list)
    sha256: dict[str, str] = field(default_factory=dict)
    shown: tuple[NDArray[np.float32], ...] = ()

    def run(self, chosen: Sequence[SliceInfo]) -> None:
        """Score slices; Ctrl-C ends it early once one is done."""
        try:
            for number, info in enumerate(chosen):
                try:
                    self._add(info, number, len(chosen))
                except (CTReadError, OSError, ValueError) as error:
                    self.failed.append(problem_of(error, info.path))
        except KeyboardInterrupt:
            if not self.rows:
                raise

    def _add(self, info: SliceInfo, number: int, count: int) -> None:
        row: list[SliceScore] = []
        images: list[NDArray[np.float32]] = []
        full = info.read()
        is_known = info.file_name in self.sha256  # of a volume, by a slice before
        digest = None if info.file is None or is_known else sha256_of(info.file)
        for done, ct in enumerate(at_doses(full, self.doses, self.seed), start=1):
            row.append(_measured(ct, self.model, row[0] if row else None))
            images.append(ct.hu)
            if self.progress is not None:
                self.progress(number * len(self.doses) + done, count * len(self.doses))
        self.rows.append([_without_arrays(scored) for scored in row])
        if digest is not None:
            self.sha256[info.file_name] = digest
        if number <= count // 2:
            self.shown = tuple(images)


def _measured(ct: CTSlice, model: Model, full: SliceScore | None) -> SliceScore:
    """Score and measure a slice; its d' has the sharpness of full dose, which noise spoils less."""
    (scored,) = model.score_prepared([prepare(ct, model.config, "all")])
    own = scored.measures
    if own is None or full is None or full.measures is None:
        return scored
    view_mm = own.detectability.eye.field_of_view_mm
    seen = detectability_of(full.measures.mtf, own.nps, view_mm)
    return replace(scored, measures=replace(own, detectability=seen))


def _without_arrays(scored: SliceScore) -> SliceScore:
    return replace(scored, measures=scored.measures and scored.measures.numbers)


def _require_rows(done: _Scoring, source: str) -> None:
    if not done.rows:
        raise DistiliqaError(
            "no slice could be simulated",
            path=source,
            remedy=f"the first is {done.failed[0].path}: {done.failed[0].reason}",
        )

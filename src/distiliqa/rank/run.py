"""Score several methods over the same slices, and compare each with a reference."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.ct.volumes.detached import sha256_of
from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import DEFAULT
from distiliqa.rank.leaderboard import Leaderboard
from distiliqa.rank.result import Method, RankedRun
from distiliqa.rank.same_slices import (
    Folder,
    Row,
    find_folders,
    patients_of,
    references_of,
    same_slices,
)
from distiliqa.report.formatting import slice_count
from distiliqa.scoring.equivalence import NO_EVIDENCE, no_evidence
from distiliqa.scoring.full_reference import compared
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.inputs import found_in, problem_of
from distiliqa.scoring.model import Model, as_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import Progress, require_scores, score_inputs
from distiliqa.scoring.slice_score import Comparison, SliceScore

LIMIT = f"A rank by score shows what the score prefers: {NO_EVIDENCE}"
FOLDERS_AS_PATIENTS = "no header names a patient: each folder of slices counts as one"
SOME_FOLDERS_AS_PATIENTS = "without a patient in the header: each folder of these counts as one"
ONE_PATIENT = "one patient: ranks and intervals speak for these slices only"
MAX_WARNINGS = 2  # of the slices of a method


def rank(
    paths: Sequence[str | Path],
    model: str | Path | Model = DEFAULT,
    *,
    reference: str | Path | None = None,
    progress: Progress | None = None,
) -> Leaderboard:
    """Rank reconstructions or denoisers of the same slices, as ``distiliqa rank`` does.

    Parameters
    ----------
    paths : Sequence[str or Path]
        Folder of each method, two or more, or anything that `distiliqa.index_ct` finds CT in.
    model : str, Path or Model
        Name of a shipped model, a model folder, or a model already loaded.
    reference : str or Path, optional
        The best version of the same slices, such as the full dose.
    progress : Callable[[int, int], None], optional
        Called with the number of slices done and found, of all methods.

    Returns
    -------
    Leaderboard
        Score, noise level, sharpness and more of each method over the slices that all have, with
        intervals over patients, and how firmly each rank holds.

    Raises
    ------
    DistiliqaError
        No such model, fewer than two methods, one given twice, no slice that all have, pixels of
        different sizes, a reference that lacks a slice, or slices of fewer than two methods could
        be scored.
    TypeError
        What should be a path is none, such as an array.

    Examples
    --------
    >>> board = distiliqa.rank(["denoiser_a", "denoiser_b"], reference="full_dose")
    >>> board.to_frame()[["rank", "method", "score", "vif"]]
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    reference = None if reference is None else os.fspath(reference)
    model, folders = as_model(model), find_folders([os.fspath(path) for path in given])
    rows = same_slices(folders)
    references = None if reference is None else references_of(rows, folders, reference)
    patients, nameless = patients_of(rows, folders[0].path)
    runs = _score_all(folders, rows, model, progress)
    failed = [at for at, run in enumerate(runs) if not run.slices]
    _require_two(runs, failed)
    unscored = tuple(Method(folders[at].name, runs[at], ()) for at in failed)
    scored = [at for at in range(len(runs)) if at not in failed]
    folders, runs = [folders[at] for at in scored], [runs[at] for at in scored]
    rows = [tuple(row[at] for at in scored) for row in rows]
    kept, slices = _scored_in_all(runs, rows)
    notes = [*_without_scores(unscored), *_alone(folders, rows)]
    notes += _nameless(nameless, len(rows))
    digests: dict[str, str] = {}
    if references is not None:
        slices, problems, digests = _compared(slices, [references[at] for at in kept], model)
        notes += problems
    methods = tuple(
        Method(folder.name, run, one, len(folder.index.slices) - len(rows))
        for folder, run, one in zip(folders, runs, slices, strict=True)
    )
    numbers = {name: number for number, name in enumerate(dict.fromkeys(patients), start=1)}
    of_slices = tuple(numbers[patients[at]] for at in kept)
    found = Leaderboard(methods, of_slices, reference, (), digests, unscored)
    return replace(found, notes=(*notes, *_outside(found), *_limits(found)))


def _score_all(
    folders: Sequence[Folder], rows: Sequence[Row], model: Model, progress: Progress | None
) -> list[ScoringRun]:
    runs = []
    for at, folder in enumerate(folders):
        wanted = tuple(row[at] for row in rows)
        found = found_in(replace(folder.index, slices=wanted), (folder.path,))

        def show(done: int, _: int, before: int = at * len(rows)) -> None:
            if progress is not None:
                progress(before + done, len(rows) * len(folders))

        run = score_inputs(found, model, progress=show)
        if run.stopped is not None:
            raise run.stopped  # without each method there is no rank
        runs.append(run)
    return runs


def _require_two(runs: Sequence[ScoringRun], failed: Sequence[int]) -> None:
    """Raise `DistiliqaError` where fewer than two methods have a score."""
    if len(runs) - len(failed) < 2:
        require_scores(runs[failed[0]])


def _without_scores(methods: Sequence[Method]) -> Iterator[str]:
    for method in methods:
        reason = method.run.failed[0].reason
        yield f"{method.name} not ranked, as none of its slices could be scored: {reason}"


def _scored_in_all(
    runs: Sequence[ScoringRun], rows: Sequence[Row]
) -> tuple[list[int], list[tuple[SliceScore, ...]]]:
    """Numbers of the rows that could be scored in each method, and the scores of each method."""
    scores = [{(one.path, one.frame): one for one in run.slices} for run in runs]
    found = [
        [known.get((info.path, info.frame)) for info, known in zip(row, scores, strict=True)]
        for row in rows
    ]
    kept = [at for at, row in enumerate(found) if None not in row]
    if not kept:
        raise DistiliqaError(
            "no slice could be scored in all methods", remedy="check the files that failed"
        )
    complete = [[one for one in found[at] if one is not None] for at in kept]
    return kept, list(zip(*complete, strict=True))


def _compared(
    slices: Sequence[tuple[SliceScore, ...]], references: Sequence[SliceInfo], model: Model
) -> tuple[list[tuple[SliceScore, ...]], list[str], dict[str, str]]:
    """The scores with their metrics against the reference, notes on what has none, and hashes."""
    problems: dict[str, None] = {}
    digests: dict[str, str] = {}
    rows = []
    for row, info in zip(zip(*slices, strict=True), references, strict=True):
        try:
            best = info.read()
            if info.file is not None and info.file_name not in digests:
                digests[info.file_name] = sha256_of(info.file)
            rows.append(tuple(_against(one, best, model) for one in row))
        except (DistiliqaError, OSError, ValueError) as error:
            reason = problem_of(error, info.path).reason
            problems[f"not compared with the reference: {reason}"] = None
            rows.append(tuple(replace(one, comparison=Comparison()) for one in row))
    return list(zip(*rows, strict=True)), list(problems), digests


def _against(score: SliceScore, reference: CTSlice, model: Model) -> SliceScore:
    comparison = compared(score.info.read(), reference, model.config.window)
    return replace(score, comparison=comparison)


def _alone(folders: Sequence[Folder], rows: Sequence[Row]) -> Iterator[str]:
    for folder in folders:
        if alone := len(folder.index.slices) - len(rows):
            yield f"{slice_count(alone)} of {folder.name} not in all methods, and so not ranked"


def _nameless(count: int, slices: int) -> Iterator[str]:
    if count == slices:
        yield FOLDERS_AS_PATIENTS
    elif count:
        yield f"{slice_count(count)} {SOME_FOLDERS_AS_PATIENTS}"


def _outside(run: RankedRun) -> Iterator[str]:
    """How many slices of each method are out of domain, their warnings, and whether they count."""
    for method in run.methods:
        outside = [slice_ for slice_ in method.slices if slice_.out_of_domain]
        said = Counter(text for one in outside for text in one.warnings if text != LOST_DETAIL)
        if outside:
            common = "; ".join(text for text, _ in said.most_common(MAX_WARNINGS))
            yield f"{len(outside)} of {len(method.slices)} slices of {method.name}: {common}"
    if left_out := len(run.patients) - len(run.counted):
        yield f"{slice_count(left_out)} left out, out of domain in some method"
    elif any(slice_.out_of_domain for method in run.methods for slice_ in method.slices):
        yield "no slice is in the domain in all methods: those out of domain count"


def _limits(run: RankedRun) -> Iterator[str]:
    """For what the ranks speak, and what a clean image is no evidence of."""
    if len({run.patients[at] for at in run.counted}) == 1:
        yield ONE_PATIENT
    sides = {method.name: [method.slices[at] for at in run.counted] for method in run.methods}
    yield from list(no_evidence(sides)) or [LIMIT]

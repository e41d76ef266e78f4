"""Score all slices of a list of inputs; a file that fails does not stop the others."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from os.path import realpath
from pathlib import Path
from time import perf_counter
from typing import cast

from distiliqa.ct import CTSlice, CTWarning, DoseReport, SliceInfo, join_doses
from distiliqa.ct.series_dose import Doses
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.metrics.ssde import ReportedDose
from distiliqa.models.folder import DEFAULT
from distiliqa.scoring.full_reference import Reference
from distiliqa.scoring.images import Images, Spacing, is_one
from distiliqa.scoring.inputs import Found, find_slices
from distiliqa.scoring.measuring import Measuring, SeriesPool, check_measuring
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.scoring.read_ahead import SliceReader
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.scoring.tuning import MANY, tuned

SOME = 32  # slices; from here on it is faster to load the model again, for many slices
Progress = Callable[[int, int], None]
Tune = Callable[[Model], Model]


def score(
    source: str | Path | Sequence[str | Path] | Images,
    model: str | Path | Model = DEFAULT,
    *,
    reference: str | Path | None = None,
    spacing_mm: Spacing = None,
    measures: Measuring = "basic",
) -> list[SeriesScore]:
    """Score every axial CT slice of files, folders, zips or globs, or of arrays in HU.

    The first run over 1000 slices or more measures what scores fastest here, and keeps the result
    in the cache folder of the user. A model that is already loaded runs as it is.

    Parameters
    ----------
    source : str, Path, ndarray, CTSlice, or a sequence of these
        Anything `distiliqa.read_ct` reads (DICOM, NIfTI, TIFF, NumPy; a folder or zip of them), or
        a list of paths; or what `Model.score` takes: an array in HU, a `CTSlice`, a list of these.
    model : str, Path or Model
        Name of a shipped model, a model folder, or a model already loaded.
    reference : str or Path, optional
        A series of the same scan that each slice of a path is compared with, such as its full dose;
        the result is the ``comparison`` of the slice.
    spacing_mm : float or tuple[float, float], optional
        Pixel spacing of arrays, see `Model.score`.
    measures : {"none", "basic", "all"}
        What is measured beside the score: nothing; sharpness, texture, detectability, size, dose,
        streaks and rings of each slice, its ``measures``; or sharpness, texture and detectability
        of each series together too, its ``pooled``. Arrays without ``spacing_mm`` have no measure
        in mm, and the reason.

    Returns
    -------
    list[SeriesScore]
        One for each series, slices in the order of their position. A `CTWarning` names each
        file that could not be scored.

    Raises
    ------
    DistiliqaError
        No such model, nothing in ``source`` could be scored, or the reference is not one series or
        not of this scan.
    ValueError
        ``source`` is neither paths nor images in HU, or has options of the other kind; or another
        word for ``measures``.
    """
    check_measuring(measures)
    paths = _paths(source)
    loaded = model if isinstance(model, Model) else load_model(model)
    if paths is None:
        if reference is not None:
            raise ValueError("reference compares files; arrays have no position to match")
        return _score_images(cast(Images, source), loaded, spacing_mm, measures)
    if spacing_mm is not None:
        raise ValueError("spacing_mm is for arrays; files have their own")
    run = score_inputs(
        paths,
        loaded,
        reference=reference,
        tune=None if loaded is model else tuned,
        measures=measures,
    )
    if run.stopped is not None:
        raise run.stopped
    require_scores(run)
    for problem in run.failed:
        warnings.warn(f"{problem.path}: {problem.reason}", CTWarning, stacklevel=2)
    return list(run.series)


def _paths(source: object) -> list[str | Path] | None:
    """The paths that ``source`` names; None where it is images."""
    if isinstance(source, str | Path):
        return [source]
    if not isinstance(source, list | tuple):
        return None
    paths = [part for part in source if isinstance(part, str | Path)]
    if paths and len(paths) < len(source):
        raise ValueError("paths and images in one list; give one kind")
    return paths or None


def _score_images(
    images: Images, model: Model, spacing_mm: Spacing, measures: Measuring
) -> list[SeriesScore]:
    chosen = model if is_one(images) else model.for_many()
    found = chosen.score(images, spacing_mm=spacing_mm, measures=measures)
    series: dict[str, list[SliceScore]] = {}
    for slice_ in found if isinstance(found, list) else [found]:
        series.setdefault(slice_.series, []).append(slice_)
    pool = SeriesPool(count_outside=False)
    kept = {name: tuple(map(pool.add, slices)) for name, slices in series.items()}
    pool.close()
    return [SeriesScore(name, kept[name], pooled=pool.pooled.get(name)) for name in kept]


def score_inputs(
    inputs: Iterable[str | Path] | Found,
    model: Model,
    *,
    reference: str | Path | None = None,
    progress: Progress | None = None,
    keep_heatmaps: bool = False,
    count_outside: bool = False,
    tune: Tune | None = None,
    dose_reports: Iterable[DoseReport] = (),
    measures: Measuring = "basic",
) -> ScoringRun:
    """Score every slice in ``inputs``. A file that fails does not stop the others.

    Ctrl-C, or a model that fails, ends the run early. The result then has the scores until that
    moment, and the cause is its ``stopped``.

    Parameters
    ----------
    inputs : Iterable[str or Path] or Found
        Files, folders, zips or globs; or what `find_slices` found in them.
    reference : str or Path, optional
        A series to compare each slice with, see `score`.
    progress : Callable[[int, int], None], optional
        Called after each slice with the number done and the number found.
    keep_heatmaps : bool
        Give each score its ``heatmap``, if the model has them.
    count_outside : bool
        Let slices out of domain count for the score of their series.
    tune : Callable[[Model], Model], optional
        Called where there are many slices; returns the model with its fastest execution.
    dose_reports : Iterable[DoseReport]
        Radiation dose reports besides those that lie in the inputs.
    measures : {"none", "basic", "all"}
        What is measured beside the score, see `score`.

    Raises
    ------
    DistiliqaError
        The reference is not one series, or no slice of the inputs matches it.
    """
    start = perf_counter()
    found = inputs if isinstance(inputs, Found) else find_slices(inputs)
    start -= found.seconds if found is inputs else 0.0
    index = found.index
    against = None if reference is None else Reference(reference)
    if against is not None and index.slices:
        against.require_match(index.slices)
    indexed = perf_counter()
    if len(index.slices) >= SOME:
        model = model.for_many()
    if tune is not None and len(index.slices) >= MANY:
        model = tune(model)
    ready = perf_counter()
    reports = _once((*index.dose_reports, *dose_reports))
    doses = join_doses(index.slices, reports)
    reader = SliceReader(index.slices, lambda ct: _prepare(ct, model, against, measures, doses))
    pool = SeriesPool(count_outside=count_outside)
    scored, stopped = _score_all(reader, model, pool, progress, keep_heatmaps)
    end = perf_counter()
    return ScoringRun(
        model=model.config,
        inputs=found.inputs,
        slices=scored,
        failed=(*index.failed, *reader.failed),
        left_out=index.left_out,
        found=len(index.slices),
        sha256=reader.sha256 | ({} if against is None else against.sha256),
        seconds={
            "index": indexed - start,
            "tuning": ready - indexed,
            "read": reader.waited,
            "inference": end - ready - reader.waited,
            "total": end - start,
        },
        stopped=stopped,
        reference=None if against is None else against.path,
        patients=_patients(index.slices),
        count_outside=count_outside,
        expected=found.expected,
        execution=model.execution,
        dose_reports=reports,
        doses=doses,
        measures=measures,
        pooled=pool.pooled,
    )


def require_scores(run: ScoringRun) -> None:
    """Raise if a run scored nothing: the error that stopped it, or a `CTReadError`."""
    if run.slices:
        return
    if run.stopped is not None:
        raise run.stopped
    problems = (*run.failed, *run.left_out)
    path, reason = problems[0]
    if len(problems) == 1:
        raise CTReadError(reason, path=path)
    raise CTReadError(
        f"none of {len(problems)} files or slices could be scored",
        remedy=f"the first is {path}: {reason}",
    )


def _once(reports: Iterable[DoseReport]) -> tuple[DoseReport, ...]:
    """Drop reports that were reached twice, such as in a folder and by name."""
    return tuple({realpath(report.path): report for report in reports}.values())


def _patients(slices: Iterable[SliceInfo]) -> dict[str, int]:
    """Count the patients that the slices of each series name; their IDs are not kept."""
    named = defaultdict[str, set[str]](set)
    for info in slices:
        if info.patient_id is not None:
            named[info.series].add(info.patient_id)
    return {series: len(patients) for series, patients in named.items()}


def _prepare(
    ct: CTSlice, model: Model, reference: Reference | None, measures: Measuring, doses: Doses
) -> Prepared:
    dose = doses.series[ct.info.series]
    reported = ReportedDose(dose.ctdivol_mgy, dose.ctdi_phantom_cm)
    prepared = prepare(ct, model.config, measures, reported)
    if reference is None:
        return prepared
    comparison, why_not = reference.compare(ct, model.config.window)
    warnings = (*prepared.warnings, *([] if why_not is None else [why_not]))
    return replace(prepared, comparison=comparison, warnings=warnings)


def _score_all(
    reader: SliceReader[Prepared],
    model: Model,
    pool: SeriesPool,
    progress: Progress | None,
    keep_heatmaps: bool,
) -> tuple[tuple[SliceScore, ...], KeyboardInterrupt | DistiliqaError | None]:
    scored: list[SliceScore] = []
    try:
        with closing(iter(reader)) as slices:
            for slice_score in model.score_prepared(slices, keep_heatmaps=keep_heatmaps):
                scored.append(pool.add(slice_score))
                if progress is not None:
                    progress(len(scored) + len(reader.failed), len(reader.infos))
        pool.close()
    except (KeyboardInterrupt, DistiliqaError) as error:
        return tuple(scored), error
    return tuple(scored), None

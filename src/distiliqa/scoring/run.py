"""Score all slices of a list of inputs; a file that fails does not stop the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from os.path import realpath
from pathlib import Path
from time import perf_counter

from distiliqa.ct import CTSlice, DoseReport, SliceInfo, join_doses
from distiliqa.ct.series_dose import Doses
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.metrics.ssde import ReportedDose
from distiliqa.scoring.full_reference import Reference
from distiliqa.scoring.inputs import Found, find_slices
from distiliqa.scoring.measuring import Measuring, SeriesPool
from distiliqa.scoring.model import Model
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.scoring.read_ahead import SliceReader
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.scoring.tuning import MANY

SOME = 32  # slices; from here on it is faster to load the model again, for many slices
Progress = Callable[[int, int], None]
Tune = Callable[[Model], Model]


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
        A series to compare each slice with, see `distiliqa.score`.
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
        What is measured beside the score, see `distiliqa.score`.

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
    model = _for_count(model, len(index.slices), tune, keep_heatmaps=keep_heatmaps)
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


def _for_count(model: Model, count: int, tune: Tune | None, *, keep_heatmaps: bool) -> Model:
    """The model with the execution that is fastest for so many slices."""
    if count >= SOME:
        model = model.for_many(heatmaps=keep_heatmaps)
    return model if tune is None or count < MANY else tune(model)


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
    is_refused = dose.other_phantom_cm is not None
    reported = ReportedDose(dose.ctdivol_mgy, dose.ctdi_phantom_cm, is_refused)
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

"""Score everything in a list of inputs, whatever becomes of single files."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter

from distiliqa.ct import CTWarning
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.scoring.inputs import index_inputs
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.prepare import Prepared, prepare
from distiliqa.scoring.reader import SliceReader
from distiliqa.scoring.result import ScoringRun, SeriesScore, SliceScore
from distiliqa.scoring.shipped import DEFAULT

Progress = Callable[[int, int], None]


def score(path: str | Path, model: str | Path | Model = DEFAULT) -> list[SeriesScore]:
    """Score every axial CT slice in a file, folder, zip or glob.

    Parameters
    ----------
    path : anything `distiliqa.read_ct` reads: DICOM, NIfTI, TIFF, NumPy; a folder or zip of them.
    model : name of a shipped model, a model folder, or a model already loaded.

    Returns
    -------
    One `SeriesScore` a series, slices in the order of their position. Files that could not be
    scored are told by a `CTWarning` each.

    Raises
    ------
    DistiliqaError : no such model, or nothing in ``path`` could be scored.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    run = score_inputs([path], loaded)
    if run.stopped is not None:
        raise run.stopped
    require_scores(run)
    for problem in run.failed:
        warnings.warn(f"{problem.path}: {problem.reason}", CTWarning, stacklevel=2)
    return list(run.series)


def score_inputs(
    inputs: Iterable[str | Path], model: Model, *, progress: Progress | None = None
) -> ScoringRun:
    """Score every slice in ``inputs``; nothing that is wrong with one file stops the rest.

    Ctrl-C, or a model that fails, ends the run early: what was scored until then is in the
    result, and the cause is its ``stopped``.

    Parameters
    ----------
    progress : called as slices are done with the number done and the number found.
    """
    start = perf_counter()
    named = tuple(str(each) for each in inputs)
    index = index_inputs(named)
    indexed = perf_counter()
    reader = SliceReader(index.slices, partial(prepare, config=model.config))
    scored, stopped = _score_all(reader, model, progress)
    end = perf_counter()
    return ScoringRun(
        model=model.config,
        inputs=named,
        slices=scored,
        failed=(*index.failed, *reader.failed),
        left_out=index.left_out,
        found=len(index.slices),
        sha256=reader.sha256,
        seconds={
            "index": indexed - start,
            "read": reader.waited,
            "inference": end - indexed - reader.waited,
            "total": end - start,
        },
        stopped=stopped,
    )


def require_scores(run: ScoringRun) -> None:
    """Raise when a run scored nothing: what stopped it, or a `CTReadError` with the reason."""
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


def _score_all(
    reader: SliceReader[Prepared], model: Model, progress: Progress | None
) -> tuple[tuple[SliceScore, ...], KeyboardInterrupt | DistiliqaError | None]:
    scored: list[SliceScore] = []
    try:
        with closing(iter(reader)) as slices:
            for each in model.score_prepared(slices):
                scored.append(each)
                if progress is not None:
                    progress(len(scored) + len(reader.failed), len(reader.refs))
    except (KeyboardInterrupt, DistiliqaError) as error:
        return tuple(scored), error
    return tuple(scored), None

"""`distiliqa.score`: score files, folders, arrays or slices with one call."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import cast

from distiliqa.ct import CTWarning
from distiliqa.models.folder import DEFAULT
from distiliqa.report.names import ARRAY
from distiliqa.report.scores import Scores
from distiliqa.scoring.images import Images, Spacing, is_one, paths_of
from distiliqa.scoring.measuring import Measuring, SeriesPool, check_measuring
from distiliqa.scoring.model import Model, as_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import require_scores, score_inputs
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.scoring.tuning import tuned


def score(
    source: str | Path | Sequence[str | Path] | Images,
    model: str | Path | Model = DEFAULT,
    *,
    reference: str | Path | None = None,
    spacing_mm: Spacing = None,
    measures: Measuring = "basic",
) -> Scores:
    """Score every axial CT slice of files, folders, zips or globs, or of arrays in HU.

    The first run over 1000 slices or more measures what scores fastest here, and keeps the result
    in the cache folder of the user. A model that is already loaded runs as it is.

    Parameters
    ----------
    source : str, Path, ndarray, CTSlice, or a sequence of these
        Anything `distiliqa.read_ct` reads (DICOM, NIfTI, Analyze 7.5, MHA, NRRD, TIFF, NumPy; a
        folder, zip or tar of them), or a list of paths; or what `Model.score` takes: an array in
        HU, a `CTSlice`, a list of these.
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
    Scores
        A list with one `SeriesScore` for each series, slices in the order of their position. A
        notebook shows it as a table. A `CTWarning` names each file that could not be scored.

    Raises
    ------
    DistiliqaError
        No such model, nothing in ``source`` could be scored, or the reference is not one series or
        not of this scan.
    ValueError
        ``source`` is neither paths nor images in HU, or has options of the other kind; or another
        word for ``measures``.

    Examples
    --------
    >>> scores = distiliqa.score("scan")
    >>> [series.score for series in scores]
    >>> distiliqa.score(hu, spacing_mm=0.7)[0].slices[0].noise_hu  # (rows, columns), HU
    """
    check_measuring(measures)
    paths = paths_of(source, spacing_mm)
    loaded = as_model(model)
    if paths is None:
        if reference is not None:
            raise ValueError("reference compares files; arrays have no position to match")
        return Scores(_score_images(cast(Images, source), loaded, spacing_mm, measures))
    run = score_inputs(
        paths,
        loaded,
        reference=reference,
        keep_heatmaps=True,
        tune=None if loaded is model else tuned,
        measures=measures,
    )
    if run.stopped is not None:
        raise run.stopped
    require_scores(run)
    for problem in run.failed:
        warnings.warn(f"{problem.path}: {problem.reason}", CTWarning, stacklevel=2)
    return Scores(run)


def _score_images(
    images: Images, model: Model, spacing_mm: Spacing, measures: Measuring
) -> ScoringRun:
    start = perf_counter()
    chosen = model if is_one(images) else model.for_many()
    found = chosen.score(images, spacing_mm=spacing_mm, measures=measures, keep_heatmaps=True)
    series: dict[str, list[SliceScore]] = {}
    for slice_ in found if isinstance(found, list) else [found]:
        series.setdefault(slice_.series, []).append(slice_)
    pool = SeriesPool(count_outside=False)
    slices = tuple(pool.add(slice_) for one in series.values() for slice_ in one)
    pool.close()
    seconds = perf_counter() - start
    return ScoringRun(
        model=model.config,
        inputs=(ARRAY,),
        slices=slices,
        failed=(),
        left_out=(),
        found=len(slices),
        sha256={},
        seconds={"index": 0.0, "tuning": 0.0, "read": 0.0, "inference": seconds, "total": seconds},
        execution=chosen.execution,
        measures=measures,
        pooled=pool.pooled,
    )

"""``distiliqa.score``: the scores of files or of arrays, for a program in Python."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from distiliqa.ct import CTWarning
from distiliqa.models.folder import DEFAULT
from distiliqa.scoring.images import Images, Spacing, is_one
from distiliqa.scoring.measuring import Measuring, SeriesPool, check_measuring
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.run import require_scores, score_inputs
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.scoring.tuning import tuned


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

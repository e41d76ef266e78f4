"""The heatmaps of a series, laid over its slices as they are stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Geometry
from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import ModelConfig
from distiliqa.scoring.result import SeriesScore


@dataclass(frozen=True, eq=False)
class HeatmapStack:
    """The score that each part of the slices alone would get.

    Attributes
    ----------
    values : float32, (slices, rows, columns), on the scale of the model; NaN where the model did
        not look or no patient is.
    geometries : where each slice lies, in the order of ``values``; all on one grid.
    """

    values: NDArray[np.float32]
    geometries: tuple[Geometry, ...]


def stack_heatmaps(series: SeriesScore, model: ModelConfig) -> HeatmapStack:
    """Lay the heatmaps of a series over its slices.

    Raises
    ------
    DistiliqaError : a slice has no heatmap, does not say where it lies in the patient, or has
        another matrix, pixel spacing or orientation than the first.
    """
    geometries: list[Geometry] = []
    heatmaps = []
    for score in series.slices:
        geometry = score.info.geometry
        if score.heatmap is None:
            raise _no_stack("has no heatmap", score.path, "score it with a model that has")
        if geometry is None:
            raise _no_stack("does not say where in the patient it lies", score.path)
        if geometries and not geometries[0].same_grid(geometry):
            raise _no_stack(f"has another grid than {series.slices[0].path}", score.path)
        geometries.append(geometry)
        heatmaps.append(score.heatmap)
    values = np.empty((len(heatmaps), *geometries[0].shape), dtype=np.float32)
    for n, (geometry, heatmap) in enumerate(zip(geometries, heatmaps, strict=True)):
        values[n] = geometry.lay(heatmap, model.image_size)
    return HeatmapStack(values, tuple(geometries))


def _no_stack(
    problem: str, path: str, remedy: str = "take --heatmaps png, which needs no geometry"
) -> DistiliqaError:
    return DistiliqaError(problem, path=path, remedy=remedy)

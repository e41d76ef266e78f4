"""Heatmaps for other programs: pictures to look at, and volumes on the grid of a series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Geometry
from distiliqa.ct.geometry import LPS_AND_RAS
from distiliqa.ct.volumes.nifti import HEATMAP_DESCRIPTION
from distiliqa.errors import DistiliqaError
from distiliqa.files import atomic_path
from distiliqa.models.config import ModelConfig
from distiliqa.report.pictures import Picture, Pictures, as_the_model_saw, heatmap_picture
from distiliqa.scoring.series_score import SeriesScore

_EVEN_MM = 0.01  # what rounding of positions in headers leaves


def write_pictures(
    folder: Path, series: SeriesScore, model: ModelConfig, pictures: Pictures | None = None
) -> None:
    """Write one PNG a slice into ``folder``: ``slice_0001.png`` is slice number 1.

    Each is the slice as the model saw it, colored by the score of its parts.

    Parameters
    ----------
    pictures : Pictures or None
        Pictures of a report, whose slices are not read again.

    Raises
    ------
    DistiliqaError
        A slice has no heatmap or cannot be read any more; or the disk is full.
    """
    pictures = pictures or {}
    for score in series.slices:
        if score.heatmap is None:
            raise DistiliqaError("has no heatmap", path=score.path, remedy="score it again")
        shown = pictures.get((score.path, score.frame), Picture()).shown
        if shown is None:
            shown = as_the_model_saw(score, model)
        picture = heatmap_picture(shown, score.heatmap, model.scale)
        with atomic_path(folder / f"slice_{score.number:04}.png") as partial:
            picture.save(partial, "PNG")


def write_nifti(path: Path, series: SeriesScore, model: ModelConfig) -> None:
    """Write the heatmaps of a series as one compressed NIfTI volume on the grid of its slices.

    float32, axes (column, row, slice) of the series as stored, in millimeters of the scanner; NaN
    beyond the crop of the model and where no patient is.

    Raises
    ------
    DistiliqaError
        See `stack_heatmaps`; the slices are not evenly spaced; or the disk is full.
    """
    stack = stack_heatmaps(series, model)
    affine = LPS_AND_RAS @ _affine(stack.geometries, series)
    _check_grid(affine, series.slices[0].path)
    image = nibabel.Nifti1Image(stack.values.T, affine)
    image.header.set_xyzt_units("mm")
    image.set_sform(affine, code="scanner")
    image.header["descrip"] = HEATMAP_DESCRIPTION
    with atomic_path(path) as partial:
        # nibabel goes by the extension, which a file that is not whole yet does not have.
        whole = partial.with_suffix(".nii.gz")
        try:
            nibabel.save(image, whole)
            whole.replace(partial)
        finally:
            whole.unlink(missing_ok=True)


def _check_grid(affine: NDArray[np.float64], path: str) -> None:
    """Raise `DistiliqaError` on lengths that NIfTI, which keeps them in float32, cannot hold."""
    kept = affine.astype(np.float32)
    if not np.isfinite(kept).all() or not kept[:3, :3].any(axis=0).all():
        raise DistiliqaError(
            "no image has its pixel spacing or position, so no volume can hold its maps",
            path=path,
            remedy="take --heatmaps png",
        )


def _affine(geometries: tuple[Geometry, ...], series: SeriesScore) -> NDArray[np.float64]:
    """(column, row, slice) to millimeters in DICOM's patient system, (4, 4)."""
    first = geometries[0]
    down, across = first.spacing_mm
    affine = np.eye(4)
    affine[:3, 0] = np.multiply(first.orientation.along_columns, across)
    affine[:3, 1] = np.multiply(first.orientation.along_rows, down)
    affine[:3, 2] = _step(geometries, series)
    affine[:3, 3] = first.origin_mm
    return affine


def _step(geometries: tuple[Geometry, ...], series: SeriesScore) -> NDArray[np.float64]:
    """From one slice to the next, mm, (3,); along the normal for a series of one slice."""
    if len(geometries) == 1:
        thickness = series.acquisition.slice_thickness_mm
        return geometries[0].orientation.normal * (thickness or 1.0)
    steps = np.diff([geometry.origin_mm for geometry in geometries], axis=0)
    step = steps.mean(axis=0)
    if np.abs(steps - step).max() > max(_EVEN_MM, 0.01 * np.linalg.norm(step)):
        raise DistiliqaError(
            "the slices are not evenly spaced, so no volume can hold them",
            path=series.slices[0].path,
            remedy="take --heatmaps png or dicom",
        )
    if not step.any():
        raise DistiliqaError(
            "all slices lie at one position", path=series.slices[0].path, remedy="take png"
        )
    return step


@dataclass(frozen=True, eq=False)
class HeatmapStack:
    """The score that each part of the slices alone would get.

    Attributes
    ----------
    values : ndarray of float32
        float32, (slices, rows, columns), on the scale of the model; NaN beyond the crop of the
        model and where no patient is.
    geometries : tuple[Geometry, ...]
        Where each slice lies, in the order of ``values``; all on one grid.
    """

    values: NDArray[np.float32]
    geometries: tuple[Geometry, ...]


def stack_heatmaps(series: SeriesScore, model: ModelConfig) -> HeatmapStack:
    """Lay the heatmaps of a series over its slices.

    Raises
    ------
    DistiliqaError
        A slice has no heatmap, lacks its position in the patient, or has another matrix, pixel
        spacing or orientation than the first.
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

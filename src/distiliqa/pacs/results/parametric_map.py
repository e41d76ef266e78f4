"""Heatmaps as a DICOM parametric map: where quality is lost, on the grid of the images.

DICOM PS3.3, A.75 (Parametric Map): one frame of float32 a slice, at the place of the slice, as it
is stored. Patient and study are those of the images.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path

import numpy as np
from highdicom import (
    CoordinateSystemNames,
    PixelMeasuresSequence,
    PlaneOrientationSequence,
    PlanePositionSequence,
    VOILUTTransformation,
)
from highdicom.pm import ParametricMap, RealWorldValueMapping
from numpy.typing import NDArray
from pydicom import Dataset

from distiliqa.ct import Geometry
from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.models.score_scale import ScoreScale
from distiliqa.pacs.results.dicom_result import MODEL_SCORE, NO_UNITS, made_by, write_result
from distiliqa.pacs.results.referenced_images import ReadSources, SourceImage, read_sources
from distiliqa.report.heatmaps import stack_heatmaps
from distiliqa.scoring.series_score import SeriesScore

SERIES_NUMBER = 9102  # behind those that scanners give
SERIES_DESCRIPTION = "CT image quality map (research, not a medical device)"
_AWAY_MM = (1e6, 1e6, 1e6)


def write_parametric_map(
    path: Path, series: SeriesScore, model: ModelConfig, *, sources: ReadSources = read_sources
) -> None:
    """Write the heatmaps of one DICOM series as a parametric map, atomically.

    Parameters
    ----------
    sources : ReadSources
        Gives the images of a series; one that remembers them reads no header twice.

    Raises
    ------
    DistiliqaError
        The series is not DICOM or its headers cannot be referred to, see `read_sources`; it has no
        heatmaps on one grid, see `stack_heatmaps`; the disk is full.
    """
    write_result(path, partial(parametric_map, series, model, sources=sources))


def parametric_map(
    series: SeriesScore, model: ModelConfig, *, sources: ReadSources = read_sources
) -> ParametricMap:
    """The parametric map of one series, see `write_parametric_map`; a new instance each time."""
    images = sources(series)
    if "FrameOfReferenceUID" not in images[0].header:
        raise DistiliqaError(
            "lacks FrameOfReferenceUID, so a map cannot say where it lies",
            path=series.slices[0].path,
            remedy="take --heatmaps png or nifti",
        )
    stack = stack_heatmaps(series, model)
    low, high = _range(stack.values, model.scale)
    # NaN is allowed, but viewers show it in many ways: padding is below all values of the map.
    padding = float(np.floor(low)) - 1
    result = ParametricMap(
        source_images=_placed(images, stack.geometries),
        pixel_array=np.where(np.isnan(stack.values), np.float32(padding), stack.values),
        plane_positions=[_position(geometry) for geometry in stack.geometries],
        series_number=SERIES_NUMBER,
        series_description=SERIES_DESCRIPTION,
        device_serial_number=model.files.get(ONNX, model.version),
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[_mapping(low, high)],
        voi_lut_transformations=[_window(model.scale)],
        content_label="QUALITY",
        content_description="Score that each part of the slice alone would get",
        **made_by(images[0].header.SeriesInstanceUID, "PM", model),
    )
    result.FloatPixelPaddingValue = result.FloatPixelPaddingRangeLimit = padding
    result.Laterality = ""  # Type 2C of the General Series module: an axial slice shows both sides
    return result


def _range(values: NDArray[np.float32], scale: ScoreScale) -> tuple[float, float]:
    """The scale, widened to the values of the map."""
    low = np.fmin.reduce(values, axis=None, initial=scale.low)
    high = np.fmax.reduce(values, axis=None, initial=scale.high)
    return float(low), float(high)


def _mapping(low: float, high: float) -> RealWorldValueMapping:
    """Stored values are scores."""
    return RealWorldValueMapping(
        lut_label="SCORE",
        lut_explanation="Image quality score",
        unit=NO_UNITS,
        value_range=(low, high),
        slope=1.0,
        intercept=0.0,
        quantity_definition=MODEL_SCORE,
    )


def _window(scale: ScoreScale) -> VOILUTTransformation:
    """The whole scale."""
    return VOILUTTransformation((scale.low + scale.high) / 2, scale.high - scale.low)


def _placed(sources: Sequence[SourceImage], geometries: Sequence[Geometry]) -> list[Dataset]:
    """The headers with the positions of their frames, by which highdicom finds their sources."""
    images: dict[str, Dataset] = {}
    for source, geometry in zip(sources, geometries, strict=True):
        uid = source.header.SOPInstanceUID
        if uid not in images:
            images[uid] = _on_grid(source.header, geometry)
        position = _position(geometry)
        images[uid].ImagePositionPatient = position[0].ImagePositionPatient
        groups = images[uid].PerFrameFunctionalGroupsSequence
        groups[(source.frame or 1) - 1].PlanePositionSequence = position
    return list(images.values())


def _on_grid(header: Dataset, geometry: Geometry) -> Dataset:
    """The header with its grid, as a classic and as an enhanced image have it (C.7.6.2, C.7.6.16).

    All frames start far away, so that frames without a score are not a source.
    """
    image, shared, away = deepcopy(header), Dataset(), Dataset()
    shared.PlaneOrientationSequence = _orientation(geometry)
    shared.PixelMeasuresSequence = PixelMeasuresSequence(geometry.spacing_mm, slice_thickness=None)
    image.ImageOrientationPatient = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    image.PixelSpacing = shared.PixelMeasuresSequence[0].PixelSpacing
    image.SliceThickness = None
    away.PlanePositionSequence = PlanePositionSequence(CoordinateSystemNames.PATIENT, _AWAY_MM)
    image.SharedFunctionalGroupsSequence = [shared]
    count = int(header.get("NumberOfFrames", 1))
    image.PerFrameFunctionalGroupsSequence = [deepcopy(away) for _ in range(count)]
    return image


def _position(geometry: Geometry) -> PlanePositionSequence:
    return PlanePositionSequence(CoordinateSystemNames.PATIENT, geometry.origin_mm)


def _orientation(geometry: Geometry) -> PlaneOrientationSequence:
    return PlaneOrientationSequence(CoordinateSystemNames.PATIENT, geometry.orientation.cosines)

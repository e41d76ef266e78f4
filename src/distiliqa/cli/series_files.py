"""What ``distiliqa score`` writes for each series when it is asked to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from distiliqa.errors import DistiliqaError

if TYPE_CHECKING:
    from distiliqa.ct import Problem
    from distiliqa.model_folder import ModelConfig
    from distiliqa.scoring.result import ScoringRun


class HeatmapKind(str, Enum):
    """What program a heatmap is for."""

    PNG = "png"
    NIFTI = "nifti"
    DICOM = "dicom"


def check_series_files(
    out: Path | None, model: ModelConfig, *, sr: bool, heatmaps: Sequence[HeatmapKind]
) -> None:
    """Raise where what is asked for cannot be made: before scoring, not after."""
    for option, asked in (("--sr", sr), ("--heatmaps", heatmaps)):
        if asked and out is None:
            raise typer.BadParameter(f"{option} writes files: give --out DIR")
    if heatmaps and model.heatmap is None:
        raise DistiliqaError(
            f"the model {model.name} has no local quality map",
            remedy="leave out --heatmaps, or give a model that has one",
        )
    if sr or HeatmapKind.DICOM in heatmaps:
        from distiliqa.pacs import check_extra

        check_extra()


def write_series_files(
    run: ScoringRun, out: Path, *, sr: bool, heatmaps: Sequence[HeatmapKind]
) -> list[Problem]:
    """Write what is asked for; the series for which it could not be made, and why."""
    from distiliqa.report.series_files import write_each_series

    problems: list[Problem] = []
    if sr:
        from distiliqa.pacs.structured_report import write_sr

        complete = run.stopped is None and not run.failed
        write = partial(write_sr, model=run.model, complete=complete)
        problems += write_each_series(run, out / "sr", ".dcm", write)
    for kind in dict.fromkeys(heatmaps):
        problems += _write_heatmaps(run, out / "heatmaps", kind)
    return problems


def _write_heatmaps(run: ScoringRun, folder: Path, kind: HeatmapKind) -> list[Problem]:
    from distiliqa.report.heatmap_files import write_nifti, write_pictures
    from distiliqa.report.series_files import write_each_series

    if kind is HeatmapKind.PNG:
        return write_each_series(run, folder, "", partial(write_pictures, model=run.model))
    if kind is HeatmapKind.NIFTI:
        return write_each_series(run, folder, ".nii.gz", partial(write_nifti, model=run.model))
    from distiliqa.pacs.parametric_map import write_parametric_map

    return write_each_series(run, folder, ".dcm", partial(write_parametric_map, model=run.model))

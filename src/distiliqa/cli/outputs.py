"""What ``distiliqa score`` writes: checked before scoring, made after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from distiliqa.errors import DistiliqaError
from distiliqa.terminal import progress_bar

if TYPE_CHECKING:
    from distiliqa.ct import Problem
    from distiliqa.models.folder import ModelConfig
    from distiliqa.report.series_files import SeriesFiles
    from distiliqa.scoring.result import ScoringRun


class HeatmapKind(str, Enum):
    """What program a heatmap is for."""

    PNG = "png"
    NIFTI = "nifti"
    DICOM = "dicom"


@dataclass(frozen=True)
class Outputs:
    """The files of a run, as the options name them.

    Attributes
    ----------
    folder : where they go; None for none.
    identify : name series and files in the reports.
    pdf, logo, notes : a report on paper, and what is at its top.
    sr : a DICOM structured report for each series.
    heatmaps : maps for each series, for these programs.
    """

    folder: Path | None
    identify: bool = False
    pdf: bool = False
    logo: Path | None = None
    notes: str | None = None
    sr: bool = False
    heatmaps: tuple[HeatmapKind, ...] = ()

    def check(self, model: ModelConfig) -> None:
        """Raise where what is asked for cannot be made."""
        asked = {"--pdf": self.pdf, "--sr": self.sr, "--heatmaps": self.heatmaps}
        for option, value in asked.items():
            if value and self.folder is None:
                raise typer.BadParameter(f"{option} writes files: give --out DIR")
        if not self.pdf and (self.logo or self.notes):
            raise typer.BadParameter("--logo and --notes need --pdf")
        if self.heatmaps and model.heatmap is None:
            raise DistiliqaError(
                f"the model {model.name} has no local quality map",
                remedy="leave out --heatmaps, or give a model that has one",
            )
        self._check_extras()
        if self.folder is not None:
            from distiliqa.report import check_folder
            from distiliqa.report.former import check_former

            check_folder(self.folder)
            check_former(self.folder)

    def _check_extras(self) -> None:
        if self.pdf:
            from distiliqa.report.pdf import require_pdf

            require_pdf(self.logo)
        if self.sr or HeatmapKind.DICOM in self.heatmaps:
            from distiliqa.pacs import check_extra

            check_extra()

    def write(self, run: ScoringRun, named: ScoringRun, *, quiet: bool) -> SeriesFiles:
        """Write all; the structured reports, and for which series a file could not be made.

        What an earlier run wrote into the folder goes first: it may be of another patient.

        Parameters
        ----------
        named : the run with the paths that are to be told; those of ``run`` are read again.
        """
        from distiliqa.report.series_files import SeriesFiles, noted

        if self.folder is None:
            return SeriesFiles([], [])
        from distiliqa.report import REPORT, write_reports
        from distiliqa.report.former import remove_former

        remove_former(self.folder)
        missing: list[Problem] = []
        pictures = None
        # The reports draw the slices, whose files they read again.
        page = replace(named, slices=run.slices, sha256=run.sha256)
        with (
            noted(missing, self.folder / REPORT),
            progress_bar("writing the report", "drawing pictures", quiet=quiet) as show,
        ):
            pictures = write_reports(
                named,
                self.folder,
                page=page,
                identify=self.identify,
                more_files=self._more_files(run),
                progress=show,
            )
        if self.pdf:
            from distiliqa.report.pdf import PDF, write_pdf

            with noted(missing, self.folder / PDF):
                write_pdf(
                    self.folder / PDF,
                    page,
                    logo=self.logo,
                    notes=self.notes,
                    identify=self.identify,
                    pictures=pictures,
                )
        reports = self._write_sr(run, self.folder / "sr") if self.sr else SeriesFiles([], [])
        missing += reports.missing
        for kind in dict.fromkeys(self.heatmaps):
            missing += _write_heatmaps(run, self.folder / "heatmaps", kind).missing
        return SeriesFiles(reports.written, missing)

    def _more_files(self, run: ScoringRun) -> list[str]:
        """What is written beside scores and page, by the paths in the folder."""
        from distiliqa.report.names import Names
        from distiliqa.report.pdf import PDF

        names = Names.of(run, identify=False).series
        reports = [f"sr/{name}.dcm" for name in names if self.sr]
        endings = [_ENDINGS[kind] for kind in dict.fromkeys(self.heatmaps)]
        maps = [f"heatmaps/{name}{ending}" for ending in endings for name in names]
        return [*([PDF] if self.pdf else []), *reports, *maps]

    def _write_sr(self, run: ScoringRun, folder: Path) -> SeriesFiles:
        from distiliqa.pacs.results.structured_report import write_sr
        from distiliqa.report.series_files import write_each_series

        return write_each_series(run, folder, ".dcm", partial(write_sr, model=run.model))


_ENDINGS = {HeatmapKind.PNG: "", HeatmapKind.NIFTI: ".nii.gz", HeatmapKind.DICOM: ".dcm"}


def _write_heatmaps(run: ScoringRun, folder: Path, kind: HeatmapKind) -> SeriesFiles:
    from distiliqa.report.heatmap_files import write_nifti, write_pictures
    from distiliqa.report.series_files import write_each_series

    ending = _ENDINGS[kind]
    if kind is HeatmapKind.PNG:
        return write_each_series(run, folder, ending, partial(write_pictures, model=run.model))
    if kind is HeatmapKind.NIFTI:
        return write_each_series(run, folder, ending, partial(write_nifti, model=run.model))
    from distiliqa.pacs.results.parametric_map import write_parametric_map

    return write_each_series(run, folder, ending, partial(write_parametric_map, model=run.model))

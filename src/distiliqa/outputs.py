"""The files of a scoring run: checked before scoring, written after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from distiliqa.errors import DistiliqaError
from distiliqa.terminal import progress_bar

if TYPE_CHECKING:
    from distiliqa.ct import Problem
    from distiliqa.models.config import ModelConfig
    from distiliqa.report.pictures import Pictures
    from distiliqa.report.series_files import SeriesFiles
    from distiliqa.scoring.result import ScoringRun
    from distiliqa.scoring.series_score import SeriesScore


class HeatmapKind(str, Enum):
    """The kind of program that reads a heatmap."""

    PNG = "png"
    NIFTI = "nifti"
    DICOM = "dicom"


@dataclass(frozen=True)
class Outputs:
    """The files of a run, as options request them.

    Attributes
    ----------
    folder : output folder; None for no files.
    identify : name series and files in the reports.
    pdf, logo, notes : a PDF report, and what is at its top.
    sr : write a DICOM structured report for every series.
    heatmaps : kinds of maps to write for every series.
    """

    folder: Path | None
    identify: bool = False
    pdf: bool = False
    logo: Path | None = None
    notes: str | None = None
    sr: bool = False
    heatmaps: tuple[HeatmapKind, ...] = ()

    def check(self, model: ModelConfig) -> None:
        """Raise `DistiliqaError` if a requested file cannot be made."""
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

    def write(self, run: ScoringRun, *, quiet: bool) -> SeriesFiles:
        """Write all files; returns the structured reports, and the files that could not be made.

        The files of an earlier run are removed first: they may be of another patient.
        """
        from distiliqa.report.series_files import SeriesFiles, noted

        if self.folder is None:
            return SeriesFiles([], [])
        from distiliqa.report import REPORT, write_reports
        from distiliqa.report.former import remove_former

        remove_former(self.folder)
        missing: list[Problem] = []
        pictures: Pictures = {}
        with (
            noted(missing, self.folder / REPORT),
            progress_bar("writing the report", "drawing pictures", quiet=quiet) as show,
        ):
            pictures = write_reports(
                run,
                self.folder,
                identify=self.identify,
                more_files=self._more_files(run),
                progress=show,
            )
        if self.pdf:
            from distiliqa.report.pdf import PDF, write_pdf

            with noted(missing, self.folder / PDF):
                write_pdf(
                    self.folder / PDF,
                    run,
                    logo=self.logo,
                    notes=self.notes,
                    identify=self.identify,
                    pictures=pictures,
                )
        reports, problems = self._write_each_series(run, self.folder, pictures)
        return SeriesFiles(reports, [*missing, *problems])

    def _more_files(self, run: ScoringRun) -> list[str]:
        """The files beside scores and page, by their paths in the folder."""
        from distiliqa.report.names import file_names
        from distiliqa.report.pdf import PDF

        names = file_names(run)
        reports = [f"{_SR}/{name}.dcm" for name in names if self.sr]
        endings = [_ENDINGS[kind] for kind in dict.fromkeys(self.heatmaps)]
        maps = [f"{_HEATMAPS}/{name}{ending}" for ending in endings for name in names]
        return [*([PDF] if self.pdf else []), *reports, *maps]

    def _write_each_series(
        self, run: ScoringRun, folder: Path, pictures: Pictures
    ) -> tuple[list[Path], list[Problem]]:
        """Write the structured reports and the heatmaps; each header is read once for all."""
        from distiliqa.report.series_files import write_each_series

        reports: list[Path] = []
        missing: list[Problem] = []
        for place, ending, write in self._writers(run.model, pictures):
            files = write_each_series(run, folder / place, ending, write)
            reports += files.written if place == _SR else []
            missing += files.missing
        return reports, missing

    def _writers(
        self, model: ModelConfig, pictures: Pictures
    ) -> Iterator[tuple[str, str, Callable[[Path, SeriesScore], None]]]:
        """The folder, the ending and the writer of each kind of file that a series gets."""
        kinds = dict.fromkeys(self.heatmaps)
        if self.sr or HeatmapKind.DICOM in kinds:
            from distiliqa.pacs.results.parametric_map import write_parametric_map
            from distiliqa.pacs.results.referenced_images import read_sources
            from distiliqa.pacs.results.structured_report import write_sr

            sources = lru_cache(maxsize=None)(read_sources)
        if self.sr:
            yield _SR, ".dcm", partial(write_sr, model=model, sources=sources)
        for kind in kinds:
            write: Callable[[Path, SeriesScore], None]
            if kind is HeatmapKind.DICOM:
                write = partial(write_parametric_map, model=model, sources=sources)
            else:
                from distiliqa.report.heatmaps import write_nifti, write_pictures

                drawn = partial(write_pictures, pictures=pictures)
                write = partial(drawn if kind is HeatmapKind.PNG else write_nifti, model=model)
            yield _HEATMAPS, _ENDINGS[kind], write


_SR, _HEATMAPS = "sr", "heatmaps"
_ENDINGS = {HeatmapKind.PNG: "", HeatmapKind.NIFTI: ".nii.gz", HeatmapKind.DICOM: ".dcm"}

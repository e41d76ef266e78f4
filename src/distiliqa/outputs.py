"""The files of a scoring run: checked before scoring, written after it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from distiliqa.errors import DistiliqaError
from distiliqa.terminal import progress_bar, say

if TYPE_CHECKING:
    from distiliqa.models.config import ModelConfig
    from distiliqa.report.pictures import Pictures
    from distiliqa.report.scores import Scores
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
        if self.heatmaps:
            _check_heatmaps(model)
        self.check_extras()
        if self.folder is not None:
            from distiliqa.report import check_folder
            from distiliqa.report.former_results import check_former

            check_folder(self.folder)
            check_former(self.folder)

    def check_extras(self) -> None:
        """Raise `DistiliqaError` if the extra of a requested file is missing."""
        if self.pdf:
            from distiliqa.report.pdf import require_pdf

            require_pdf(self.logo)
        if self.sr or HeatmapKind.DICOM in self.heatmaps:
            from distiliqa.pacs import check_extra

            check_extra()

    def write(self, run: ScoringRun, *, quiet: bool) -> SeriesFiles:
        """Write all files; returns the structured reports, and the files that could not be made.

        The files of an earlier run are removed first: they may be of another patient. Where that
        fails, nothing is written.
        """
        from distiliqa.report.series_files import SeriesFiles

        if self.folder is None:
            return SeriesFiles([], [])
        from distiliqa.report import write_results
        from distiliqa.report.each_file import unwritten
        from distiliqa.scoring.inputs import problem_of

        try:
            with progress_bar("writing the report", "drawing pictures", quiet=quiet) as show:
                pictures, errors = write_results(
                    run,
                    self.folder,
                    identify=self.identify,
                    more_files=self._more_files(run),
                    progress=show,
                )
        except DistiliqaError as error:
            return SeriesFiles([], [problem_of(error, str(self.folder))])
        if self.pdf:
            errors |= self._write_pdf(run, self.folder, pictures, quiet=quiet)
        found = self.write_each_series(run, self.folder, pictures)
        reports = [path for path in found.written if path.parent.name == _SR]
        return SeriesFiles(reports, [*unwritten(errors), *found.missing])

    def _write_pdf(
        self, run: ScoringRun, folder: Path, pictures: Pictures, *, quiet: bool
    ) -> dict[Path, Exception]:
        from distiliqa.report.each_file import write_files
        from distiliqa.report.pdf import LOST_LETTERS, PDF, write_pdf

        def write(path: Path) -> None:
            lost = write_pdf(
                path,
                run,
                logo=self.logo,
                notes=self.notes,
                identify=self.identify,
                pictures=pictures or None,
            )
            if lost and not quiet:
                say(f"{path}: {LOST_LETTERS}", err=True)

        return write_files({folder / PDF: write})

    def _more_files(self, run: ScoringRun) -> list[str]:
        """The files beside scores and page, by their paths in the folder."""
        from distiliqa.report.names import file_names
        from distiliqa.report.pdf import PDF

        names = file_names(run)
        reports = [f"{_SR}/{name}.dcm" for name in names if self.sr]
        endings = [_ENDINGS[kind] for kind in dict.fromkeys(self.heatmaps)]
        maps = [f"{_HEATMAPS}/{name}{ending}" for ending in endings for name in names]
        return [*([PDF] if self.pdf else []), *reports, *maps]

    def write_each_series(self, run: ScoringRun, folder: Path, pictures: Pictures) -> SeriesFiles:
        """Write the structured reports and the heatmaps; each header is read once for all."""
        from distiliqa.report.series_files import SeriesFiles, write_each_series

        found = SeriesFiles([], [])
        for place, ending, write in self._writers(run.model, pictures):
            files = write_each_series(run, folder / place, ending, write)
            found.written.extend(files.written)
            found.missing.extend(files.missing)
        return found

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


def heatmaps(
    scores: Scores,
    folder: str | Path,
    kind: Literal["png", "nifti", "dicom"] = "png",
) -> list[Path]:
    """Write maps of where quality is lost, as ``distiliqa score --heatmaps`` does.

    They show the score that each part of a slice alone would get: as pictures, and as volumes in
    the place of the series. The slices are read again.

    Parameters
    ----------
    scores : Scores
        What `distiliqa.score` returned for files.
    folder : str or Path
        Folder to write to; the maps are in its folder ``heatmaps``.
    kind : {"png", "nifti", "dicom"}
        A folder of pictures for each series, ``slice_0001.png`` and so on; one volume for each
        series of even spacing; or DICOM Parametric Maps, which need the extra ``pacs``.

    Returns
    -------
    list[Path]
        The folder or file of each series. A `CTWarning` names each series that has none.

    Raises
    ------
    DistiliqaError
        The model has no local quality map, the extra is missing, or no map could be written.
    ValueError
        Another kind.
    TypeError
        ``scores`` is something else, such as a path.

    Examples
    --------
    >>> scores = distiliqa.score("scan")
    >>> distiliqa.heatmaps(scores, "results")
    """
    from distiliqa.ct import CTWarning
    from distiliqa.report.former_results import list_more
    from distiliqa.report.scores import run_of

    outputs, run = Outputs(Path(folder), heatmaps=(HeatmapKind(kind),)), run_of(scores)
    _check_heatmaps(run.model)
    outputs.check_extras()
    found = outputs.write_each_series(run, Path(folder), {})
    list_more(Path(folder), [f"{_HEATMAPS}/{path.name}" for path in found.written])
    if not found.written:
        problem = next(iter(found.missing), None)
        raise DistiliqaError(
            "no map could be written" if problem is None else problem.reason,
            path=None if problem is None else problem.path,
        )
    for path, reason in found.missing:
        warnings.warn(f"{path}: {reason}", CTWarning, stacklevel=2)
    return found.written


def _check_heatmaps(model: ModelConfig) -> None:
    if model.heatmap is None:
        raise DistiliqaError(
            f"the model {model.name} has no local quality map",
            remedy="leave out --heatmaps, or give a model that has one",
        )


_SR, _HEATMAPS = "sr", "heatmaps"
_ENDINGS = {HeatmapKind.PNG: "", HeatmapKind.NIFTI: ".nii.gz", HeatmapKind.DICOM: ".dcm"}

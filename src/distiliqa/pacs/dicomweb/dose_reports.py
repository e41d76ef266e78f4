"""Radiation dose reports of a study on a DICOMweb server; images are scored without them too."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from distiliqa.ct import DoseReport, Problem, read_dose_report
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.search import SERIES_UID, Row, value
from distiliqa.pacs.identifiers import checked_uid
from distiliqa.scoring.inputs import problem_of

MAX_DOSE_REPORTS = 100  # of a study; usual ones have one to five


class DoseReports(NamedTuple):
    """Dose reports of a study.

    Attributes
    ----------
    reports : tuple[DoseReport, ...]
        Those that came and could be read, by the paths that they were written to.
    problems : tuple[Problem, ...]
        What could not be found, retrieved or read. This costs no slice.
    """

    reports: tuple[DoseReport, ...] = ()
    problems: tuple[Problem, ...] = ()


def download_dose_reports(server: Server, study: str, folder: Path) -> DoseReports:
    """Write the dose reports of a study below ``folder``, and read them.

    Parameters
    ----------
    study : str
        Study Instance UID.
    folder : Path
        Folder of ``<series UID>/<SOP Instance UID>.dcm``.
    """
    try:
        rows = server.find_dose_reports(study)
    except DistiliqaError as error:
        problem = Problem(str(folder), f"no dose report was found: {error.reason}")
        return DoseReports(problems=(problem,))
    some = list(rows.items())[:MAX_DOSE_REPORTS]
    found = [_downloaded(server, study, uid, row, folder) for uid, row in some]
    return DoseReports(
        tuple(report for report in found if isinstance(report, DoseReport)),
        tuple(problem for problem in found if isinstance(problem, Problem)),
    )


def _downloaded(
    server: Server, study: str, uid: str, row: Row, folder: Path
) -> DoseReport | Problem:
    path = folder
    try:
        series = checked_uid(value(row, SERIES_UID), "answer", path=server.url)
        path = folder / series / f"{uid}.dcm"
        server.retrieve(study, series, uid, row, path, again=False)
        return read_dose_report(path)
    except (DistiliqaError, OSError) as error:
        reason = problem_of(error, str(path)).reason
        return Problem(str(path), f"no dose from this dose report: {reason}")

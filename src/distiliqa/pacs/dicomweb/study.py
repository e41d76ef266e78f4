"""A study on a DICOMweb server: download its series, store reports on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.dose_reports import DoseReports, download_dose_reports
from distiliqa.pacs.dicomweb.search import OBJECTS_OF_SERIES, Row, count
from distiliqa.pacs.retry import PassingError, SlowError, UnreachableError
from distiliqa.scoring.inputs import Found, find_slices

Progress = Callable[[int, int], None]
# After so many timeouts in a row, the other objects of a series are not requested.
MAX_SILENT = 3
_EMPTY = "the server lists no object of it; check the series there"


@dataclass(frozen=True)
class Download:
    """A study in a folder, as `Study.download` leaves it.

    Attributes
    ----------
    url : str
        URL of the study, see `Study.url`.
    folder : Path
        Folder of ``<series UID>/<SOP Instance UID>.dcm``.
    paths : tuple[str, ...]
        Folders of the series of which objects came.
    missing : tuple[Problem, ...]
        Objects that did not come, by their intended paths, and incomplete series, with the reasons.
    doses : DoseReports
        Radiation dose reports of the study.
    named : bool
        Whether the user named the series, so that each of them should have slices.
    """

    url: str
    folder: Path
    paths: tuple[str, ...]
    missing: tuple[Problem, ...] = ()
    doses: DoseReports = field(default_factory=DoseReports)
    named: bool = False

    def text(self, text: str) -> str:
        """Replace paths in a text by their URLs (WADO-RS, PS3.18, section 10.4)."""
        slash = r"[/\\]"
        folder = re.escape(str(self.folder))
        series = rf"{folder}{slash}(?P<series>[0-9.]+)(?:{slash}(?P<object>[0-9.]+)\.dcm)?"
        return re.sub(series, self._url, text).replace(str(self.folder), self.url)

    def find(self) -> Found:
        """The slices that came, as slices of the study on the server."""
        found = find_slices(self.paths, self.missing, required=self.named)
        index = replace(
            found.index,
            left_out=(*found.index.left_out, *self.doses.problems),
            dose_reports=(*found.index.dose_reports, *self.doses.reports),
        )
        return replace(found, index=index).named([self.url], self.text)

    def _url(self, found: re.Match[str]) -> str:
        series = f"{self.url}/series/{found['series']}"
        return series if found["object"] is None else f"{series}/instances/{found['object']}"


@dataclass(frozen=True)
class Study:
    """A study that ``server`` has.

    Attributes
    ----------
    uid : str
        Study Instance UID.
    series : tuple[str, ...]
        UIDs of the series to use; empty for all CT series.
    """

    server: Server
    uid: str
    series: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """URL of the study (WADO-RS)."""
        return f"{self.server.url}/studies/{self.uid}"

    def download(self, folder: Path, progress: Progress | None = None) -> Download:
        """Write the series, and the dose reports, to folders of their own inside ``folder``.

        Objects that the server does not give are in ``missing`` of the result.

        Parameters
        ----------
        progress : Progress or None
            Called after every object with the number done and the total of its series.

        Raises
        ------
        DistiliqaError
            See `Server.find_series`.
        """
        found = self.server.find_series(self.uid, self.series)
        paths: list[str] = []
        missing = [] if found.shortfall is None else [Problem(self.url, found.shortfall)]
        for series, row in found.rows.items():
            place = folder / series
            try:
                objects = self.server.find_objects(self.uid, series, count(row, OBJECTS_OF_SERIES))
            except DistiliqaError as error:
                missing.append(Problem(str(place), error.reason))
                continue
            shortfall = objects.shortfall or (None if objects.rows else _EMPTY)
            if shortfall is not None:
                missing.append(Problem(str(place), shortfall))
            missing += self._retrieve(series, objects.rows, place, progress)
            if place.exists() and any(place.iterdir()):
                paths.append(str(place))
        doses = download_dose_reports(self.server, self.uid, folder)
        return Download(self.url, folder, tuple(paths), tuple(missing), doses, bool(self.series))

    def _retrieve(
        self, series: str, rows: dict[str, Row], folder: Path, progress: Progress | None
    ) -> Iterator[Problem]:
        """Write the objects of a series; yield those that are missing, by their intended paths."""
        silent, again = 0, True
        for done, (uid, row) in enumerate(rows.items(), start=1):
            path = folder / f"{uid}.dcm"
            if silent == MAX_SILENT:
                reason = f"not asked for, as {MAX_SILENT} before it got no answer in time"
                yield Problem(str(path), f"{reason}; check the server")
                continue
            try:
                self.server.retrieve(self.uid, series, uid, row, path, again=again)
                silent, again = 0, True
            except DistiliqaError as error:
                silent = silent + 1 if isinstance(error, UnreachableError | SlowError) else 0
                again = not isinstance(error, PassingError)  # it was waited for once
                yield Problem(str(path), error.reason)
            if progress is not None:
                progress(done, len(rows))

    def store(self, reports: Iterable[Path]) -> list[Problem]:
        """Store reports on the server; returns those that it does not have, and the reasons."""
        problems = []
        for report in reports:
            try:
                self.server.store(report)
            except DistiliqaError as error:
                problems.append(Problem(str(report), str(error)))
        return problems

"""A study on a DICOMweb server: its series to be scored, and the reports on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb import Progress, Server
from distiliqa.pacs.download import Download


@dataclass(frozen=True)
class Study:
    """A study that ``server`` has.

    Attributes
    ----------
    uid : Study Instance UID.
    series : the UIDs of the series that are wanted; all CT series if there are none.
    """

    server: Server
    uid: str
    series: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where the study is, in the words of WADO-RS."""
        return f"{self.server.url}/studies/{self.uid}"

    def download(self, folder: Path, progress: Progress | None = None) -> Download:
        """Write each series to a folder of its own inside ``folder``.

        Parameters
        ----------
        progress : called for each object of a series with the number done and the number it has.

        Raises
        ------
        DistiliqaError : as `Server.find_series` and `Server.download_series`.
        """
        paths = []
        for series in self.server.find_series(self.uid, self.series):
            self.server.download_series(self.uid, series, folder / series, progress)
            paths.append(str(folder / series))
        return Download(self.url, folder, tuple(paths))

    def store(self, reports: Iterable[Path]) -> list[Problem]:
        """Store reports on the server; those that it does not have, and why."""
        problems = []
        for report in reports:
            try:
                self.server.store(report)
            except DistiliqaError as error:
                problems.append(Problem(str(report), str(error)))
        return problems

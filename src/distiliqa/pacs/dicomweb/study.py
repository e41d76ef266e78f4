"""A study on a DICOMweb server: its series to be scored, and the reports on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.download import Download
from distiliqa.pacs.dicomweb.search import OBJECTS_OF_SERIES, Row, count
from distiliqa.pacs.retry import PassingError, SlowError, UnreachableError

Progress = Callable[[int, int], None]
# A server that is away or too slow is asked for so many objects, not for the thousands behind them.
MAX_SILENT = 3
_EMPTY = "the server lists no object of it; check the series there"


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

        What the server does not give costs itself alone, and is in ``missing`` of the result.

        Parameters
        ----------
        progress : called for each object of a series with the number done and the number it has.

        Raises
        ------
        DistiliqaError : as `Server.find_series`.
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
        return Download(self.url, folder, tuple(paths), tuple(missing))

    def _retrieve(
        self, series: str, rows: dict[str, Row], folder: Path, progress: Progress | None
    ) -> Iterator[Problem]:
        """Write the objects of a series; those that did not come, by the paths they would have."""
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
                again = not isinstance(error, PassingError)  # once was enough to wait for it
                yield Problem(str(path), error.reason)
            if progress is not None:
                progress(done, len(rows))

    def store(self, reports: Iterable[Path]) -> list[Problem]:
        """Store reports on the server; those that it does not have, and why."""
        problems = []
        for report in reports:
            try:
                self.server.store(report)
            except DistiliqaError as error:
                problems.append(Problem(str(report), str(error)))
        return problems

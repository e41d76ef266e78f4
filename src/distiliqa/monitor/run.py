"""One look at the watched folder: new files are scored and recorded."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError, one_line
from distiliqa.files import FileStamp
from distiliqa.folder_lock import only_one
from distiliqa.models.folder import DEFAULT
from distiliqa.monitor.arrival import Arrival, open_arrival, score_arrivals
from distiliqa.monitor.page import write_trend
from distiliqa.monitor.recording import Outcome
from distiliqa.monitor.store import Store
from distiliqa.monitor.tally import Tally
from distiliqa.monitor.watch import Watch
from distiliqa.scoring.model import Model, as_model

SETTLE = 10.0  # s
BATCH = 64  # slices a transaction: a stop loses no more than these
DATABASE, PAGE = "monitor.sqlite", "trend.html"

Progress = Callable[[int, int], None]


@dataclass(repr=False)
class Monitor:
    """Scores new files of a folder. After a kill at any time, it goes on from its store.

    Attributes
    ----------
    watch : Watch
        The folder.
    store : Store
        The database of the scores.
    model : Model
        The model that scores.
    page : Path
        Where the trend is drawn.
    identify : bool
        Whether series and files are named in it.
    """

    watch: Watch
    store: Store
    model: Model
    page: Path
    identify: bool = False
    _drawn: bool = False
    _unreadable: set[Problem] = field(default_factory=set)
    _no_files: set[Problem] = field(default_factory=set)
    _unopened: set[Problem] = field(default_factory=set)
    _patients: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __repr__(self) -> str:  # it names no patient, as its fields do
        return f"<Monitor of {one_line(str(self.watch.folder))} by {self.model.title}>"

    def look(self, progress: Progress | None = None) -> Tally:
        """Score and record files that are new and complete, and draw the trend again.

        Parameters
        ----------
        progress : Callable[[int, int], None], optional
            Called after each batch with the number of files done and found.

        Returns
        -------
        Tally
            What was scored, what failed, and new alarms.

        Raises
        ------
        DistiliqaError
            The folder is not there, the disk is full, the model fails. The records stay, and the
            next look goes on from there.
        """
        found = self.watch.look(self.store.done())
        tally = Tally(
            failed=_news(found.unreadable, self._unreadable),
            left_out=_news(found.no_files, self._no_files),
            waiting=found.waiting,
        )
        known, self._unopened = self._unopened, set()
        done = 0
        for batch in self._batches(found.ready):
            outcomes = score_arrivals(batch, self.model)
            self._unopened |= {outcome.problem for outcome in outcomes if outcome.sha256 is None}
            self._record(
                [outcome for outcome in outcomes if outcome.problem not in known], batch, tally
            )
            done += len(batch)
            tally.waiting += len(batch) - len(outcomes)
            if progress is not None:
                progress(done, len(found.ready))
        if not self._drawn:
            tally.alarms = self._draw()
        return tally

    def _record(self, outcomes: list[Outcome], batch: list[Arrival], tally: Tally) -> None:
        if outcomes:
            self.store.record(outcomes, self._patients_of(batch))
            self._drawn = False
            tally.add(outcomes)

    def _draw(self) -> list[str]:
        """Draw the trend; returns the alarms that are new."""
        alarms = write_trend(
            self.page, self.store, self.model.config, self.watch.folder, identify=self.identify
        )
        self._drawn = True
        return alarms

    def _batches(self, ready: dict[Path, FileStamp]) -> Iterator[list[Arrival]]:
        """New files with at least ``BATCH`` slices, or files, between them; copies apart.

        The store knows the first of two copies once its batch is recorded.
        """
        batch: list[Arrival] = []
        for path, stamp in ready.items():
            arrival = open_arrival(path, stamp, self.store.frames_of)
            if arrival.outcome.sha256 in {arrival.outcome.sha256 for arrival in batch} - {None}:
                yield batch
                batch = []
                arrival = open_arrival(path, stamp, self.store.frames_of)
            batch.append(arrival)
            if max(sum(len(arrival.refs) for arrival in batch), len(batch)) >= BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _patients_of(self, batch: list[Arrival]) -> dict[str, int]:
        """How many patients each series of a batch has named while this monitor ran."""
        refs = [ref for arrival in batch for ref in arrival.refs]
        for ref in refs:
            if ref.patient_id is not None:
                self._patients[ref.series].add(ref.patient_id)
        return {ref.series: len(self._patients[ref.series]) for ref in refs}


def _news(found: Iterable[Problem], known: set[Problem]) -> list[Problem]:
    """Problems of this look that the last, in ``known``, did not have; update ``known``."""
    new = [problem for problem in found if problem not in known]
    known.clear()
    known.update(found)
    return new


@contextmanager
def monitor(
    folder: str | Path,
    out: str | Path,
    model: str | Path | Model = DEFAULT,
    *,
    settle: float = SETTLE,
    identify: bool = False,
) -> Iterator[Monitor]:
    """Open a monitor of a folder, as ``distiliqa monitor`` does.

    Parameters
    ----------
    folder : str or Path
        Folder to watch, with its subfolders.
    out : str or Path
        Folder for ``monitor.sqlite``, the scores, and ``trend.html``, the chart of each protocol.
    model : str, Path or Model
        Name of a shipped model, a model folder, or a model already loaded.
    settle : float
        Seconds without change before a file counts as complete.
    identify : bool
        Name series and files on the page.

    Yields
    ------
    Monitor
        Its ``look`` scores files that are new and complete, and draws the page again. A file needs
        two looks unless ``settle`` is 0.

    Raises
    ------
    DistiliqaError
        No such model or folder; ``out`` is the folder itself; another monitor writes to ``out``, it
        cannot be written, or it holds scores of another model.

    Examples
    --------
    >>> with distiliqa.monitor("incoming", "quality", settle=0) as watching:
    ...     found = watching.look()
    >>> found.slices, found.alarms
    """
    folder, out, model = Path(folder).resolve(), Path(out).resolve(), as_model(model)
    if not os.path.isdir(folder):
        raise DistiliqaError("no such folder", path=folder, remedy="check or mount it")
    if out == folder:
        raise DistiliqaError(
            "is the watched folder", path=out, remedy="give --out a folder in it or elsewhere"
        )
    own = out if folder in out.parents else None
    with only_one(out, "monitor"), closing(Store(out / DATABASE, model.config)) as store:
        yield Monitor(Watch(folder, settle, leave_out=own), store, model, out / PAGE, identify)

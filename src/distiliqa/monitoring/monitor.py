"""One look at the watched folder: what is new is scored and recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from distiliqa.ct import Problem, SliceRef
from distiliqa.ct.index import index_one
from distiliqa.ct.source import Source
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256
from distiliqa.monitoring.lock import only_monitor
from distiliqa.monitoring.page import write_trend
from distiliqa.monitoring.store import Outcome, Store
from distiliqa.monitoring.watch import Stamp, Watch, stamp_of
from distiliqa.scoring.model import Model
from distiliqa.scoring.prepare import prepare
from distiliqa.scoring.reader import SliceReader
from distiliqa.scoring.result import SliceScore

BATCH = 64  # slices a transaction: a stop loses no more than these
DATABASE, PAGE = "monitor.sqlite", "trend.html"

Progress = Callable[[int, int], None]


@dataclass
class Tally:
    """What one look gave.

    Attributes
    ----------
    slices, series : scored in this look; a series may have grown.
    failed : files that could not be scored this time.
    waiting : number of files that may still be written.
    alarms : protocols that have gone out of control, one line each.
    """

    slices: int = 0
    series: set[str] = field(default_factory=set)
    failed: list[Problem] = field(default_factory=list)
    waiting: int = 0
    alarms: list[str] = field(default_factory=list)


@dataclass
class _Arrival:
    """A new file before it is scored: what is known of it, and its slices that have no score."""

    outcome: Outcome
    refs: list[SliceRef] = field(default_factory=list)


@dataclass
class Monitor:
    """Scores what is new in a folder; a kill at any time leaves a store that it goes on from.

    Attributes
    ----------
    page : where the trend is drawn.
    identify : whether series and files are named in it.
    """

    watch: Watch
    store: Store
    model: Model
    page: Path
    identify: bool = False
    _drawn: bool = False
    _alarms: set[str] = field(default_factory=set)
    _unreadable: set[Problem] = field(default_factory=set)
    _patients: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def look(self, progress: Progress | None = None) -> Tally:
        """Score and record what is new and settled, and draw the trend anew.

        Parameters
        ----------
        progress : called after each batch with the number of files done and found.

        Raises
        ------
        DistiliqaError : the folder is not there, the disk is full, the model fails. What was
            recorded stays, and the next look goes on from there.
        """
        found = self.watch.look(self.store.done())
        tally = Tally(failed=self._news(found.unreadable), waiting=found.waiting)
        done = 0
        for batch in self._batches(found.ready):
            outcomes = self._score(batch)
            self.store.record(outcomes, self._patients_of(batch))
            self._drawn = False
            _count(outcomes, tally)
            done += len(batch)
            tally.waiting += len(batch) - len(outcomes)
            if progress is not None:
                progress(done, len(found.ready))
        if not self._drawn:
            tally.alarms = self._draw()
        return tally

    def _news(self, unreadable: Iterable[Problem]) -> list[Problem]:
        """What could not be read in this look and could in the last."""
        new = [each for each in unreadable if each not in self._unreadable]
        self._unreadable = set(unreadable)
        return new

    def _draw(self) -> list[str]:
        """Draw the trend; returns the alarms that are new."""
        alarms = write_trend(
            self.page, self.store, self.model.config, self.watch.folder, identify=self.identify
        )
        new = [each for each in alarms if each not in self._alarms]
        self._alarms, self._drawn = set(alarms), True
        return new

    def _batches(self, ready: dict[Path, Stamp]) -> Iterator[list[_Arrival]]:
        """New files with at least ``BATCH`` slices, or files, between them; copies apart.

        The store knows the first of two copies once its batch is recorded.
        """
        batch: list[_Arrival] = []
        for path, stamp in ready.items():
            arrival = self._arrival(path, stamp)
            if arrival.outcome.sha256 in {each.outcome.sha256 for each in batch}:
                yield batch
                batch = []
                arrival = self._arrival(path, stamp)
            batch.append(arrival)
            if max(sum(len(each.refs) for each in batch), len(batch)) >= BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _arrival(self, path: Path, stamp: Stamp) -> _Arrival:
        outcome = Outcome(path, stamp)
        try:
            outcome = replace(outcome, sha256=sha256(path))
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
            return _Arrival(replace(outcome, reason=reason, failed=True))
        index = index_one(Source.on_disk(path))
        if index is None:
            return _Arrival(replace(outcome, reason="no image"))
        problems = index.failed or (() if index.slices else index.left_out)
        if problems:
            reason = problems[0].reason
            return _Arrival(replace(outcome, reason=reason, failed=bool(index.failed)))
        known = self.store.frames_of(outcome.sha256 or "")
        return _Arrival(outcome, [ref for ref in index.slices if ref.frame not in known])

    def _score(self, batch: list[_Arrival]) -> list[Outcome]:
        """Score the slices of new files; files that have changed meanwhile are left for later."""
        refs = [ref for arrival in batch for ref in arrival.refs]
        reader = SliceReader(refs, partial(prepare, config=self.model.config))
        scores = defaultdict[str, list[SliceScore]](list)
        for score in self.model.score_prepared(reader):
            scores[score.path].append(score)
        reasons = dict(reversed(reader.failed))
        outcomes = (_outcome(arrival.outcome, scores, reasons) for arrival in batch)
        return [each for each in outcomes if _still_holds(each)]

    def _patients_of(self, batch: list[_Arrival]) -> dict[str, int]:
        """How many patients each series of a batch has named while this monitor ran."""
        refs = [ref for arrival in batch for ref in arrival.refs]
        for ref in refs:
            if ref.patient_id is not None:
                self._patients[ref.series].add(ref.patient_id)
        return {ref.series: len(self._patients[ref.series]) for ref in refs}


def _still_holds(outcome: Outcome) -> bool:
    """Whether the file is as it was before it was read; one that has gone must have been read."""
    now = stamp_of(outcome.path)
    return now == outcome.stamp or (now is None and not outcome.failed)


def _outcome(
    outcome: Outcome, scores: dict[str, list[SliceScore]], reasons: dict[str, str]
) -> Outcome:
    path = str(outcome.path)
    if path in reasons:
        outcome = replace(outcome, reason=reasons[path], failed=True)
    return replace(outcome, scores=tuple(scores.get(path, ())))


def _count(outcomes: list[Outcome], tally: Tally) -> None:
    scores = [score for outcome in outcomes for score in outcome.scores]
    tally.slices += len(scores)
    tally.series |= {score.series for score in scores}
    tally.failed += [
        Problem(str(each.path), each.reason) for each in outcomes if each.failed and each.reason
    ]


@contextmanager
def open_monitor(
    folder: Path, out: Path, model: Model, settle: float, *, identify: bool = False
) -> Iterator[Monitor]:
    """A monitor of ``folder`` that keeps its scores and its page in ``out``.

    Parameters
    ----------
    settle : seconds for which a file must not have changed before it is taken as written.
    identify : whether the page names series and files.

    Raises
    ------
    DistiliqaError : no such folder; another monitor writes to ``out``, it cannot be written, or
        it holds scores of another model.
    """
    folder, out = folder.absolute(), out.absolute()
    if not folder.is_dir():
        raise DistiliqaError("no such folder", path=folder, remedy="check or mount it")
    with only_monitor(out), closing(Store(out / DATABASE, model.config)) as store:
        yield Monitor(Watch(folder, settle, leave_out=out), store, model, out / PAGE, identify)

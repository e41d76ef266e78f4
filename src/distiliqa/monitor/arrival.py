"""A new file: which of its slices have to be scored, and the outcome."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from distiliqa.ct import CTIndex, SliceInfo
from distiliqa.ct.formats import index_one
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.detached import sha256_of, stamp_of
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp
from distiliqa.monitor.recording import Outcome
from distiliqa.scoring.model import Model
from distiliqa.scoring.prepare import prepare
from distiliqa.scoring.read_ahead import SliceReader
from distiliqa.scoring.slice_score import SliceScore

NO_IMAGE = "no image"


@dataclass(frozen=True)
class Arrival:
    """A new file before it is scored.

    Attributes
    ----------
    outcome : if its slices, where it has any, can be scored.
    refs : its slices that have no score yet.
    """

    outcome: Outcome
    refs: tuple[SliceInfo, ...] = ()


def open_arrival(path: Path, stamp: FileStamp, scored: Callable[[str], Collection[int]]) -> Arrival:
    """Read the header of a new file, and find by its content which slices have no score.

    Parameters
    ----------
    scored : the frames that have a score, by the SHA-256 of the content.
    """
    outcome = Outcome(path, stamp)
    try:
        digest, index = _opened(path)
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        return Arrival(replace(outcome, reason=reason, failed=True))
    except DistiliqaError as error:  # a pipe in the place of what was there
        return Arrival(replace(outcome, reason=error.reason, failed=True))
    outcome = replace(outcome, sha256=digest)
    if index is None:
        return Arrival(replace(outcome, reason=NO_IMAGE))
    events = tuple(event for report in index.dose_reports for event in report.events)
    outcome = replace(outcome, events=events)
    problems = index.failed or (() if index.slices else index.left_out)
    if problems:
        reason = problems[0].reason
        return Arrival(replace(outcome, reason=reason, failed=bool(index.failed)))
    known = scored(digest)
    return Arrival(outcome, tuple(ref for ref in index.slices if ref.frame not in known))


def _opened(path: Path) -> tuple[str, CTIndex | None]:
    """The SHA-256 of a file and its slices; None if it is no image. Raises `OSError`."""
    return sha256_of(path), index_one(Source.on_disk(path))


def score_arrivals(arrivals: Iterable[Arrival], model: Model) -> list[Outcome]:
    """Score the slices of new files; files that changed while they were read have no outcome.

    Raises
    ------
    ModelFolderError : the model cannot be run.
    """
    arrivals = tuple(arrivals)
    refs = [ref for arrival in arrivals for ref in arrival.refs]
    reader = SliceReader(refs, partial(prepare, config=model.config, measures="basic"))
    scores = defaultdict[str, list[SliceScore]](list)
    for score in model.score_prepared(reader):
        scores[score.path].append(score)
    reasons = dict(reversed(reader.failed))  # the first of a file
    outcomes = (_outcome(arrival.outcome, scores, reasons) for arrival in arrivals)
    return [outcome for outcome in outcomes if _still_holds(outcome)]


def _outcome(
    outcome: Outcome, scores: Mapping[str, list[SliceScore]], reasons: Mapping[str, str]
) -> Outcome:
    path = str(outcome.path)
    if path in reasons:
        outcome = replace(outcome, reason=reasons[path], failed=True)
    return replace(outcome, scores=tuple(scores.get(path, ())))


def _still_holds(outcome: Outcome) -> bool:
    """Whether the file is as it was before it was read; one that has gone must have been read."""
    now = stamp_of(outcome.path)
    return now == outcome.stamp or (now is None and not outcome.failed)

"""What commands print on the standard error when the results are out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

import typer

from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.ct import Problem
    from distiliqa.errors import DistiliqaError
    from distiliqa.scoring.result import ScoringRun

MAX_LISTED = 10
NOTHING_USABLE = 2  # exit status
IN_RECORD = "; --out lists all of them in run.json"


def printed(show: Callable[[], None]) -> list[Problem]:
    """Print results. If standard output is full, that is returned as a problem.

    Files are still written then. A pipe that was closed ends the command.
    """
    from distiliqa.ct import Problem

    try:
        show()
    except BrokenPipeError:
        raise
    except OSError as error:
        return [Problem("standard output", f"cannot be written ({error.strerror or error})")]
    return []


def end_stopped(stopped: KeyboardInterrupt | DistiliqaError) -> NoReturn:
    """End a command whose run has scores and was stopped: 130 on Ctrl-C, 1 on an error."""
    if isinstance(stopped, KeyboardInterrupt):
        raise stopped
    say(f"error: {stopped}", err=True)
    raise typer.Exit(1)


def report_files(failed: Sequence[Problem], unwritten: Sequence[Problem]) -> None:
    """Name all inputs that failed, and all outputs that could not be written."""
    for what, problems in (("failed", failed), ("not written", unwritten)):
        for path, reason in problems:
            say(f"{what}: {path}: {reason}", err=True)


def _report_problems(what: str, problems: Sequence[Problem], listed: str = IN_RECORD) -> None:
    """Name files with their problem."""
    _listed(what, [f"{path}: {reason}" for path, reason in problems], listed)


def report_end(
    run: ScoringRun,
    unwritten: Sequence[Problem],
    unstored: Sequence[Problem],
    *,
    identify: bool,
    quiet: bool,
) -> None:
    """Name what failed and, unless ``quiet``, what was left out and what has no partner or name."""
    _report_problems("failed", run.failed)
    _report_problems("left out", run.left_out if not quiet else ())
    _report_problems("not written", unwritten, listed="")
    _report_problems("not stored", unstored, listed="")
    if not quiet:
        _report_unmatched(run)
        _report_unmapped(run, identify=identify)


def _report_unmatched(run: ScoringRun) -> None:
    """Name the events of dose reports that are the dose of no series."""
    from distiliqa.report.dose_facts import unmatched_text

    lines = [unmatched_text(unmatched, identify=True) for unmatched in run.doses.unmatched]
    _listed("dose event without a series", lines)


def _report_unmapped(run: ScoringRun, *, identify: bool) -> None:
    """List what series without a standard name have, with their number."""
    from distiliqa.report.standard_names import unmapped

    lines = [f"{one.series} series: {one.text}" for one in unmapped(run, identify=identify)]
    _listed("no standard name", lines)
    if lines and not identify:
        say("no standard name: --identify shows protocol and description too", err=True)


def report_check(run: ScoringRun) -> bool:
    """Name the series that are not in range; returns whether all are."""
    from distiliqa.report.level_checks import is_in_range, level_sentence, level_text
    from distiliqa.report.names import MAX_LABEL, series_labels

    labels = zip(series_labels(run.series, MAX_LABEL), run.series, strict=True)
    lines = [f"{name}: {level_text(one)}" for name, one in labels if not is_in_range(one)]
    _listed("not in range", lines, "; --out lists all of them in series.csv")
    say(level_sentence(run.series), err=True)
    return not lines


def _listed(what: str, lines: Sequence[str], listed: str = IN_RECORD) -> None:
    for line in lines[:MAX_LISTED]:
        say(f"{what}: {line}", err=True)
    if more := lines[MAX_LISTED:]:
        say(f"{what}: {len(more)} more{listed}", err=True)

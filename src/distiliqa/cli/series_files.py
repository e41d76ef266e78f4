"""What ``distiliqa score`` writes for each series when it is asked to."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from distiliqa.ct import Problem
    from distiliqa.scoring.result import ScoringRun


def check_series_files(out: Path | None, *, sr: bool) -> None:
    """Raise where what is asked for cannot be made: before scoring, not after."""
    if sr:
        _require_out(out, "--sr")
        from distiliqa.pacs import check_extra

        check_extra()


def write_series_files(run: ScoringRun, out: Path, *, sr: bool) -> list[Problem]:
    """Write what is asked for; the series for which it could not be made, and why."""
    from distiliqa.report.series_files import write_each_series

    problems: list[Problem] = []
    if sr:
        from distiliqa.pacs.structured_report import write_sr

        complete = run.stopped is None and not run.failed
        write = partial(write_sr, model=run.model, complete=complete)
        problems += write_each_series(run, out / "sr", ".dcm", write)
    return problems


def _require_out(out: Path | None, option: str) -> None:
    if out is None:
        raise typer.BadParameter(f"{option} writes files: give --out DIR")

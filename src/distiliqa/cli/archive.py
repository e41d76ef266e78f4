"""``distiliqa score --engine ray``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from distiliqa.terminal import progress_bar, say

if TYPE_CHECKING:
    from distiliqa.archive.record import Counts


class Engine(str, Enum):
    """What scores: this process, or the workers of Ray."""

    LOCAL = "local"
    RAY = "ray"


def check_local(of_ray: Mapping[str, object]) -> None:
    """Raise on wrong usage where options of the engine ray are given to the local one."""
    if given := [name for name, value in of_ray.items() if value is not None]:
        raise typer.BadParameter(f"{' and '.join(given)}: give --engine ray too")


def score_archive(
    inputs: Sequence[str],
    model: str,
    out: Path | None,
    *,
    of_local: Mapping[str, object],
    address: str | None = None,
    concurrency: int | None = None,
    threads: int | None = None,
    count_outside: bool = False,
    quiet: bool = False,
) -> None:
    """Score with Ray, tell what came of it, and exit as ``distiliqa score`` does.

    Parameters
    ----------
    of_local : options that this engine does not take, with their values.
    """
    _check_usage(inputs, out, of_local)
    assert out is not None
    from distiliqa.archive import check_extra

    check_extra()
    from distiliqa.archive import run
    from distiliqa.report import check_folder
    from distiliqa.scoring.model import load_model

    loaded = load_model(model, threads=threads or 1)
    check_folder(out)
    with progress_bar("listing", "scoring", quiet=quiet) as show, redirect_stdout(sys.stderr):
        # Ray tells of workers that died on the standard output.
        counts = run.score_archive(
            inputs,
            loaded,
            out,
            address=address,
            concurrency=concurrency,
            threads=threads or 1,
            count_outside=count_outside,
            progress=show,
        )
    if not quiet:
        _tell(counts, out)
    if counts.failed:
        say(f"failed: {counts.failed}; see the column reason", err=True)
    if not counts.scored and not counts.known:
        raise typer.Exit(2)
    if counts.failed:
        raise typer.Exit(1)


def _check_usage(inputs: Sequence[str], out: Path | None, of_local: Mapping[str, object]) -> None:
    if given := [name for name, value in of_local.items() if value]:
        raise typer.BadParameter(f"{' and '.join(given)}: the engine ray writes tables only")
    if not inputs:
        raise typer.BadParameter("give INPUT or --input")
    if out is None:
        raise typer.BadParameter("the engine ray keeps what it scores: give --out DIR")


def _tell(counts: Counts, out: Path) -> None:
    rate = counts.scored / counts.seconds if counts.seconds else 0.0
    say(f"{counts.scored} slices in {counts.seconds:.1f} s ({rate:.1f} a second)")
    for count, what in (
        (counts.known, "files were scored already"),
        (counts.left_out, "left out: no axial CT"),
        (counts.retried, "files read again, for a worker died"),
    ):
        if count:
            say(f"{count} {what}")
    say(f"slices: {out / 'slices'}; means: {out / 'series.csv'}")

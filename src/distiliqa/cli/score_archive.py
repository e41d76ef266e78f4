"""``distiliqa score-archive``: an archive, on the workers of Ray."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from distiliqa.cli.options import ModelOption
from distiliqa.terminal import progress_bar, say

if TYPE_CHECKING:
    from distiliqa.archive.record import Counts


def score_archive(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT", help="Folders, s3:// paths, or CSV files with a column path."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", help="Write slices/*.parquet, series.csv here."),
    ],
    model: ModelOption = "compact",
    count_outside: Annotated[
        bool,
        typer.Option("--count-outside", help="Let slices out of domain count in means."),
    ] = False,
    measures: Annotated[
        Literal["none", "basic"],
        typer.Option(
            help="none: only the score and the noise level. basic: also sharpness, texture, size, "
            "dose and faults of each slice."
        ),
    ] = "basic",
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Address of a Ray cluster; default: this machine."),
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Number of workers; default: one for each processor.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of each worker.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
) -> None:
    """Score an archive on many machines with Ray, to Parquet (extra ray).

    The same command continues where it stopped, and scores no file twice. Reports, --reference and
    DICOMweb are options of `distiliqa score`.

    Exit status. 0: all slices scored. 1: some slices failed. 2: nothing scored, or invalid options.
    130: interrupted.
    """
    from distiliqa.archive import check_extra

    check_extra()
    from distiliqa.archive.run import score_archive as run
    from distiliqa.report import check_folder
    from distiliqa.scoring.model import load_model

    loaded = load_model(model, threads=threads)
    check_folder(out)
    with progress_bar("listing", "scoring", quiet=quiet) as show, redirect_stdout(sys.stderr):
        # Ray reports workers that died on the standard output.
        counts = run(
            inputs,
            loaded,
            out,
            address=address,
            concurrency=concurrency,
            threads=threads,
            count_outside=count_outside,
            measures=measures,
            progress=show,
        )
    if not quiet:
        _report(counts, out)
    if counts.failed:
        parts = out / "slices" / "*.parquet"
        say(f"failed: {counts.failed}; the column reason of {parts} states why", err=True)
    if not counts.scored and not counts.known:
        raise typer.Exit(2)
    if counts.failed:
        raise typer.Exit(1)


def _report(counts: Counts, out: Path) -> None:
    rate = counts.scored / counts.seconds if counts.seconds else 0.0
    say(f"{counts.scored} slices in {counts.seconds:.1f} s ({rate:.1f} a second)")
    for count, what in (
        (counts.known, "files were scored already"),
        (counts.left_out, "left out: no axial CT"),
        (counts.retried, "files read again, as a worker died"),
    ):
        if count:
            say(f"{count} {what}")
    say(f"slices: {out / 'slices'}; means: {out / 'series.csv'}")

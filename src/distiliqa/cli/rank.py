"""``distiliqa rank``: a leaderboard of reconstructions or denoisers over the same slices."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import ModelOption
from distiliqa.cli.problems import printed, report_files


def rank(
    methods: Annotated[
        list[str], typer.Argument(metavar="FOLDER...", help="Folder of each method, two or more.")
    ],
    reference: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Best version of the same slices, such as the full dose."),
    ] = None,
    model: ModelOption = "compact",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Write rank.html, rank.csv, rank_slices.csv and rank.json here.",
        ),
    ] = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name the folders on the page.")
    ] = False,
) -> None:
    """Rank reconstructions or denoisers of the same slices, by score and other measures.

    Slices are matched by patient and position, else by their path in the folder, else by name.

    Exit status. 0: all slices scored. 1: some slices or outputs failed. 2: nothing ranked, or
    invalid options. 130: interrupted.
    """
    from distiliqa.rank.files import write_ranks
    from distiliqa.rank.run import rank as rank_methods
    from distiliqa.rank.screen import rank_blocks
    from distiliqa.report import check_folder
    from distiliqa.report.notebook import print_blocks
    from distiliqa.terminal import progress_bar

    if out is not None:
        check_folder(out)
    with progress_bar("reading headers", "scoring") as show:
        run = rank_methods(methods, model, reference=reference, progress=show)
    try:
        unwritten = [] if out is None else write_ranks(run, out, identify=identify)
    finally:
        unprinted = printed(partial(print_blocks, rank_blocks(run)))
    unwritten += unprinted
    report_files([problem for method in run.given for problem in method.run.failed], unwritten)
    if unwritten or not run.complete:
        raise typer.Exit(1)

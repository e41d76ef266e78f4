"""``distiliqa compare``: two series, protocols, kernels or denoisers, slice by slice."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from distiliqa.cli.options import ModelOption
from distiliqa.cli.problems import end_stopped, printed, report_files


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="A series, or a folder of several.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Series or folder to compare with A.")],
    model: ModelOption = "compact",
    match: Annotated[
        Literal["position", "name", "order"] | None,
        typer.Option(
            help="How slices are matched; default: by position, by name where it is unknown. "
            "Needed for one scan under two patient IDs."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Write compare.html, compare.csv and compare.json here.",
        ),
    ] = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name series and files on the page.")
    ] = False,
) -> None:
    """Compare two series slice by slice: paired differences, B minus A, with interval and test.

    Exit status. 0: all slices scored. 1: some slices or outputs failed. 2: nothing compared, or
    invalid options. 130: interrupted.
    """
    from distiliqa.compare.files import write_comparison
    from distiliqa.compare.run import compare as compare_inputs
    from distiliqa.compare.screen import comparison_blocks
    from distiliqa.report import check_folder
    from distiliqa.report.notebook import print_blocks
    from distiliqa.terminal import progress_bar

    if out is not None:
        check_folder(out)
    with progress_bar("reading headers", "scoring") as show:
        run = compare_inputs(first, second, model, match=match, progress=show)
    try:
        unwritten = [] if out is None else write_comparison(run, out, identify=identify)
    finally:
        unprinted = printed(partial(print_blocks, comparison_blocks(run)))
    unwritten += unprinted
    report_files((*run.first.failed, *run.second.failed), unwritten)
    if run.second.stopped is not None:
        end_stopped(run.second.stopped)
    if unwritten or not run.complete:
        raise typer.Exit(1)

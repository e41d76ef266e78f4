"""``distiliqa score``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.errors import one_line

if TYPE_CHECKING:
    from distiliqa.ct import Problem

MOST_PROBLEMS = 10


def score(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="CT files, folders, zips or globs."),
    ],
    model: Annotated[
        str, typer.Option(metavar="NAME|FOLDER", help="A shipped model or a model folder.")
    ] = "compact",
    reference: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Compare each slice with that of this series."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write report.html, scores.csv and .json, run.json here."),
    ] = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name series and files in the report.")
    ] = False,
    count_outside: Annotated[
        bool,
        typer.Option("--count-outside", help="Let slices unknown to the model count in means."),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Write report.pdf too (extra pdf); needs --out.")
    ] = False,
    logo: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture at the top of report.pdf.")
    ] = None,
    notes: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Text below the title of report.pdf.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the scores as JSON, not as a table.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
) -> None:
    """Score CT slices: DICOM, NIfTI, TIFF or NumPy, files, folders, zips or globs.

    Exits with 0 if all slices were scored, 1 if some failed, 2 if none could be or on wrong usage.
    """
    from distiliqa.cli.progress import progress_bar
    from distiliqa.report import check_folder, print_json, print_scores, write_reports
    from distiliqa.report.pdf import PDF, require_pdf, write_pdf
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.run import require_scores, score_inputs

    if out is None and pdf:
        raise typer.BadParameter("--pdf needs --out DIR")
    if not pdf and (logo or notes):
        raise typer.BadParameter("--logo and --notes need --pdf")
    if out is not None:
        check_folder(out)
    if pdf:
        require_pdf(logo)
    loaded = load_model(model)
    with progress_bar("reading headers", "scoring", quiet=quiet) as show:
        run = score_inputs(
            inputs,
            loaded,
            reference=reference,
            progress=show,
            keep_heatmaps=out is not None,  # for the report
            count_outside=count_outside,
        )
    require_scores(run)
    try:
        if out is not None:
            with progress_bar("writing the report", "drawing pictures", quiet=quiet) as show:
                write_reports(run, out, identify=identify, progress=show)
                if pdf:
                    write_pdf(out / PDF, run, logo=logo, notes=notes, identify=identify)
    finally:  # a disk that is full does not keep the scores from the screen, nor the other way
        if json:
            print_json(run)
        elif not quiet:
            print_scores(run)
    _tell("failed", run.failed)
    _tell("left out", run.left_out if not quiet else ())
    if run.stopped is not None:
        typer.echo(f"stopped after {len(run.slices)} of {run.found} slices", err=True)
        raise run.stopped
    if run.failed:
        raise typer.Exit(1)


def _tell(what: str, problems: Sequence[Problem]) -> None:
    for path, reason in problems[:MOST_PROBLEMS]:
        typer.echo(f"{what}: {one_line(path)}: {reason}", err=True)
    if more := problems[MOST_PROBLEMS:]:
        typer.echo(f"{what}: {len(more)} more; --out lists all of them in run.json", err=True)

"""``distiliqa score``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.cli.series_files import HeatmapKind
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
    sr: Annotated[
        bool, typer.Option("--sr", help="Write DICOM structured reports to DIR/sr (extra pacs).")
    ] = False,
    heatmaps: Annotated[
        list[HeatmapKind] | None,
        typer.Option(help="Write maps of where quality is lost to DIR/heatmaps. Repeatable."),
    ] = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name series and files in the report.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the scores as JSON, not as a table.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
) -> None:
    """Score CT slices: DICOM, NIfTI, TIFF or NumPy, files, folders, zips or globs.

    Exits with 0 if all slices were scored, 1 if some failed or a file that was asked for could not
    be made, 2 if nothing could be scored or on wrong usage.
    """
    from distiliqa.cli.series_files import check_series_files, write_series_files
    from distiliqa.report import check_folder, print_json, print_scores, write_reports
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.run import require_scores, score_inputs

    loaded = load_model(model)
    kinds = heatmaps or []
    check_series_files(out, loaded.config, sr=sr, heatmaps=kinds)
    if out is not None:
        check_folder(out)
    with _progress("reading headers", "scoring", quiet=quiet) as show:
        run = score_inputs(inputs, loaded, reference=reference, progress=show)
    require_scores(run)
    missing: list[Problem] = []
    try:
        if out is not None:
            with _progress("writing the report", "drawing pictures", quiet=quiet) as show:
                write_reports(run, out, identify=identify, progress=show)
            missing = write_series_files(run, out, sr=sr, heatmaps=kinds)
    finally:  # a disk that is full does not keep the scores from the screen, nor the other way
        if json:
            print_json(run)
        elif not quiet:
            print_scores(run)
    _tell("failed", run.failed)
    _tell("left out", run.left_out if not quiet else ())
    _tell("not written", missing, listed="")
    if run.stopped is not None:
        typer.echo(f"stopped after {len(run.slices)} of {run.found} slices", err=True)
        raise run.stopped
    if run.failed or missing:
        raise typer.Exit(1)


@contextmanager
def _progress(first: str, then: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with the number done and to do; None where nobody would see it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield None
        return
    columns = ("  {task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(first, total=None)
        yield lambda done, found: bar.update(task, description=then, completed=done, total=found)


def _tell(
    what: str,
    problems: Sequence[Problem],
    listed: str = "; --out lists all of them in run.json",
) -> None:
    for path, reason in problems[:MOST_PROBLEMS]:
        typer.echo(f"{what}: {one_line(path)}: {reason}", err=True)
    if more := problems[MOST_PROBLEMS:]:
        typer.echo(f"{what}: {len(more)} more{listed}", err=True)

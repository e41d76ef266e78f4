"""``distiliqa export``: a trained run as a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.terminal import say


def export(
    run: Annotated[Path, typer.Argument(help="Run folder with a student.", metavar="RUN")],
    out: Annotated[Path, typer.Argument(help="Model folder to write.", metavar="OUT")],
    name: Annotated[
        str | None, typer.Option(help="Name of the model; default: name of OUT.")
    ] = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="evaluation.json to quote in the model card.")
    ] = None,
    typical: Annotated[
        Path | None,
        typer.Option(
            help="Ratings of typical images. Intervals are calibrated on those of them that were "
            "held out; default: on all held-out images.",
        ),
    ] = None,
    notes: Annotated[
        list[Path] | None,
        typer.Option(
            help="Markdown for the end of the model card, such as data sources. Repeatable."
        ),
    ] = None,
) -> None:
    """Write the student as a model folder, its ONNX checked against torch on the run's slices."""
    from distiliqa.lab.train.export_student import export_run
    from distiliqa.lab.train.runs import open_run

    opened = open_run(run, student=True)
    difference = export_run(
        opened,
        out,
        name=name or out.name,
        evaluation=evaluation,
        typical=typical,
        notes=notes or (),
    )
    say(f"{out}: ONNX within {difference:.1e} of torch; try: distiliqa score --model {out}")

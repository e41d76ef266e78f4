"""Options of ``distiliqa score`` that need or exclude each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from distiliqa.outputs import Outputs

if TYPE_CHECKING:
    from distiliqa.pacs.dicomweb.study import Study


def check_usage(
    inputs: list[str] | None, remote: Study | None, out: Path | None, *, store: bool
) -> None:
    """Raise `typer.BadParameter` on options of input and destination that contradict each other."""
    if bool(inputs) == (remote is not None):
        raise typer.BadParameter("give INPUT, or --dicomweb URL with --study UID")
    if store and remote is None:
        raise typer.BadParameter("--store sends reports to the server of --dicomweb URL")
    if store and out is None:
        raise typer.BadParameter("--store keeps what it sends: give --out DIR")


def check_outputs(outputs: Outputs) -> None:
    """Raise `typer.BadParameter` on options of files without a folder or a report for them."""
    asked = {"--pdf": outputs.pdf, "--sr": outputs.sr, "--heatmaps": outputs.heatmaps}
    for option, value in asked.items():
        if value and outputs.folder is None:
            raise typer.BadParameter(f"{option} writes files: give --out DIR")
    if not outputs.pdf and (outputs.logo or outputs.notes):
        raise typer.BadParameter("--logo and --notes need --pdf")

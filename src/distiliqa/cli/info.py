"""``distiliqa info``: versions, decoders, and models with their domain."""

from __future__ import annotations

from typing import Annotated

import typer

from distiliqa.terminal import say


def info(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL", help="A shipped model or a model folder; default: all shipped models."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show versions, decoders of compressed DICOM, and models with their domain."""
    from json import dumps

    from distiliqa.models.folder import find_model, shipped_models
    from distiliqa.report.about import about, print_about

    facts = about(list(shipped_models().values()) if model is None else [find_model(model)])
    if json:
        for line in dumps(facts, indent=1).splitlines():
            say(line)
    else:
        print_about(facts)

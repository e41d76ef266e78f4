"""Options that the training commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a key of the recipe: teacher.epochs=3. Repeatable."),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on where an interrupted training stopped.")
]

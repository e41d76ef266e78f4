"""The options for standard names of protocols and for levels, and the tables that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from distiliqa.scoring.levels import Levels
    from distiliqa.scoring.protocol_rules import ProtocolRules

_PANEL = "Protocols and levels"  # of the help
NOT_IN_RANGE = 3  # exit status of --check

ProtocolsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="CSV rules that give series the standard name of their protocol.",
        rich_help_panel=_PANEL,
    ),
]
LevelsFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="CSV ranges of noise, score, f50 and SSDE by standard name.",
        rich_help_panel=_PANEL,
    ),
]
CheckOption = Annotated[
    bool,
    typer.Option(
        "--check", help="Exit with status 3 unless all series are in range.", rich_help_panel=_PANEL
    ),
]


def read_tables(
    protocols: Path | None, levels: Path | None, *, check: bool
) -> tuple[ProtocolRules | None, Levels | None]:
    """Read the rules and the levels that the options name.

    Raises
    ------
    typer.BadParameter
        An option needs another one that is not given.
    DistiliqaError
        A table cannot be read, see `distiliqa.scoring.levels` and
        `distiliqa.scoring.protocol_rules`.
    """
    if levels is not None and protocols is None:
        raise typer.BadParameter("--levels are by standard name: give --protocols FILE too")
    if check and levels is None:
        raise typer.BadParameter("--check compares with --levels FILE")
    from distiliqa.scoring.levels import read_levels
    from distiliqa.scoring.protocol_rules import read_protocol_rules

    rules = None if protocols is None else read_protocol_rules(protocols)
    return rules, None if levels is None else read_levels(levels)

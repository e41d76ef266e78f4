"""Commands, run in the process of the tests."""

from __future__ import annotations

import csv
from pathlib import Path

from typer.testing import CliRunner, Result

from distiliqa.cli import app


def invoke(*arguments: object) -> Result:
    """Run a command, with both its outputs."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(*arguments: object) -> tuple[int, str]:
    """Run a command; its exit status, and all that it prints."""
    result = invoke(*arguments)
    return result.exit_code, result.output


def run_apart(*arguments: object) -> tuple[int, str, str]:
    """Run a command; its exit status, what it prints, and its errors in one line."""
    result = invoke(*arguments)
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def rows(out: Path) -> list[dict[str, str]]:
    """The rows of the scores in a folder."""
    with (out / "scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))

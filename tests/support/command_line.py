"""Commands, run in the process of the tests."""

from __future__ import annotations

from typer.testing import CliRunner

from distiliqa.cli import app


def run(*arguments: object) -> tuple[int, str]:
    """Run a command; its exit status, and all that it prints."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output

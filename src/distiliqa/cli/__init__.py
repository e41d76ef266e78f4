"""The command line: one file a command, imported when that command runs."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from distiliqa.errors import DistiliqaError, one_line
from distiliqa.extras import install_command
from distiliqa.terminal import say
from distiliqa.version import __version__

# Listed here, so that the help imports no command.
PANELS = {
    "Scoring": {
        "score": "Score CT slices: files, folders, zips or globs.",
        "score-archive": "Score an archive on many machines with Ray, to Parquet.",
        "compare": "Compare two series slice by slice, with interval and test.",
        "rank": "Rank reconstructions or denoisers of the same slices.",
        "monitor": "Watch a folder, and chart the image quality of each protocol.",
        "listen": "Score the series that a scanner or PACS sends by C-STORE.",
        "serve": "Open a page on this machine: drop, score, look, window, compare.",
        "challenge": "Score the stack of LDCTIQAC2023, as its container does.",
    },
    "Simulation": {
        "simulate": "Simulate worse acquisitions of normal-dose CT.",
        "dose-response": "Plot the quality of a series at simulated lower doses.",
        "simulate-dataset": "Make a rated data set from normal-dose CT.",
    },
    "Training": {
        "preprocess": "Make mixed doses and quality labels from dose pairs.",
        "train-teacher": "Train the teachers, one for each fold.",
        "train-student": "Distil the teachers into one student.",
        "fine-tune": "Fit a model to the ratings of one's own readers.",
        "calibrate": "Map the score of a model to the ratings of a site's readers.",
        "rate": "Let readers compare pairs of images, or rate images.",
        "readers": "Measure how well the readers of a rating study agree.",
        "evaluate": "Measure how well predictions agree with ratings.",
        "benchmark": "Compare networks, ablations and measures on rated images.",
        "export": "Write a trained run as a model folder.",
        "import-weights": "Convert published weights to a model folder.",
    },
    "This installation": {
        "demo": "Score the example series; --train runs the whole pipeline.",
        "info": "Show versions, decoders, and models with their domain.",
        "tune": "Measure the fastest settings for this machine, and store them.",
    },
}
# Markdown joins the lines of a paragraph, so that help wraps once, at the width of the terminal.
STYLE: dict[str, Any] = {
    "rich_markup_mode": "markdown",
    "context_settings": {"help_option_names": ["-h", "--help"]},
    "pretty_exceptions_enable": False,
}
# Some versions of typer bring a click of their own.
_UsageError: Any = typer.BadParameter.__mro__[1]


class Commands(TyperGroup):
    """Imports a command when it is called, and reports its errors in one line."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Replace the entry of a command in the list by the command."""
        if args[0] in self.commands:
            self.commands[args[0]] = _load(args[0])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run a command: exit 2 on a `DistiliqaError` or `OSError`, 130 on Ctrl-C."""
        try:
            return super().invoke(ctx)
        except DistiliqaError as error:
            _stop(f"error: {error}", 2)
        except _UsageError as error:  # it quotes the command line
            error.message = one_line(error.message)
            raise
        except KeyboardInterrupt:
            _stop("interrupted", 130)
        except BrokenPipeError:  # typer ends quietly when a pipe is closed
            raise
        except OSError as error:
            where = "" if error.filename is None else f"{error.filename}: "
            _stop(f"error: {where}{error.strerror or error}", 2)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing == "distiliqa":
                raise
            needs = f"{ctx.invoked_subcommand} needs the training extra ({missing} is missing)"
            _stop(f"error: {needs}; {install_command('train')}", 2)


def _stop(line: str, code: int) -> None:
    say(line, err=True)
    raise typer.Exit(code)


def _load(name: str) -> Any:
    function = name.replace("-", "_")
    single = typer.Typer(add_completion=False, **STYLE)
    single.command(name)(getattr(import_module(f"distiliqa.cli.{function}"), function))
    return get_command(single)


def _loaded_when_called() -> None:
    """Stand for a command that `Commands` imports when it is called."""


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"distiliqa {__version__}")
        raise typer.Exit


app = typer.Typer(cls=Commands, no_args_is_help=True, **STYLE)
for _panel, _commands in PANELS.items():
    for _name, _summary in _commands.items():
        app.command(_name, help=_summary, rich_help_panel=_panel)(_loaded_when_called)


@app.callback()
def distiliqa(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """No-reference image quality scores for CT. Research software, not a medical device."""


def _open_closed_streams() -> None:
    """Give the system's null device to standard streams that the caller has closed.

    Else the next file to be opened takes their number, and what is printed goes there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w" if number else "r"))  # noqa: SIM115


def main() -> None:
    """Entry point of ``distiliqa`` and ``python -m distiliqa``."""
    _open_closed_streams()
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal cannot show all of a file name
        sys.stdout.reconfigure(errors="backslashreplace")
    app(prog_name="distiliqa")

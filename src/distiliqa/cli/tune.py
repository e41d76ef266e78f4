"""``distiliqa tune``: the fastest settings for this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.cli.options import PrecisionOption, RuntimeOption
from distiliqa.scoring.execution import Precision
from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.scoring.trials import Trial


def tune(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A shipped model or a model folder.")
    ] = "compact",
    runtime: RuntimeOption = None,
    precision: PrecisionOption = "fp32",
    slices: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Slices that set the ranges of int8, besides the example series.",
        ),
    ] = None,
) -> None:
    """Measure the fastest settings for this machine: runtime, threads, batch size. Store them.

    Settings replace the default if they are more than 10 % faster and the machine is not busy. Runs
    of 1000 slices or more use them, and measure first if nothing is stored. They are stored in the
    user's cache folder (Linux: ~/.cache/distiliqa) for this model, these packages, this machine.

    With --precision int8 it first makes a network whose linear layers multiply in int8, and takes
    it where it is faster and its scores are close to those of fp32.
    """
    from distiliqa.scoring.execution import described
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.reduced_precision import offer_int8
    from distiliqa.scoring.tuning import summary
    from distiliqa.scoring.tuning import tune as measure

    if slices is not None and precision != "int8":
        raise typer.BadParameter("--slices is for --precision int8")
    first: Precision = "fp32" if precision == "int8" else precision
    loaded = load_model(model, runtime=runtime, precision=first).for_many()
    if precision == "int8":
        offer_int8(loaded.folder, loaded.config, slices)
    tuning = measure(loaded, any_runtime=runtime is None)
    names = [described(trial.execution) for trial in tuning.trials]
    width = max(map(len, names)) + 2
    for name, trial in zip(names, tuning.trials, strict=True):
        say(f"{name:{width}}{_measured(trial)}  {trial.why_not}".rstrip())
    say(summary(tuning))


def _measured(trial: Trial) -> str:
    if trial.rate is None:
        return "not measured"
    return f"{trial.rate:8.2f} slices/s {trial.speed:6.2f} times the default"

"""``distiliqa tune``: the fastest settings for this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.cli.options import PrecisionOption, RuntimeOption
from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.scoring.trials import Trial


def tune(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A shipped model or a model folder.")
    ] = "compact",
    runtime: RuntimeOption = None,
    precision: PrecisionOption = "fp32",
) -> None:
    """Measure the fastest settings for this machine: runtime, threads, batch size. Store them.

    Settings replace the default if they are more than 10 % faster and the machine is not busy. Runs
    of 1000 slices or more use them, and measure first if nothing is stored. They are stored in the
    user's cache folder (Linux: ~/.cache/distiliqa) for this model, these packages, this machine.
    """
    from distiliqa.scoring.execution import described
    from distiliqa.scoring.model import load_model
    from distiliqa.scoring.tuning import summary
    from distiliqa.scoring.tuning import tune as measure

    loaded = load_model(model, runtime=runtime, precision=precision).for_many()
    tuning = measure(loaded, any_runtime=runtime is None)
    for trial in tuning.trials:
        say(f"{described(trial.execution):52}{_measured(trial)}  {trial.why_not}".rstrip())
    say(summary(tuning))


def _measured(trial: Trial) -> str:
    if trial.rate is None:
        return "not measured"
    return f"{trial.rate:8.2f} slices/s {trial.speed:6.2f} times the default"

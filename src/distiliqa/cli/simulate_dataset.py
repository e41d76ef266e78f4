"""``distiliqa simulate-dataset``: normal-dose CT in, a rated data set out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import Jobs
from distiliqa.cli.problems import NOTHING_USABLE
from distiliqa.terminal import say


def simulate_dataset(
    recipe: Annotated[Path, typer.Argument(help="YAML file with the ranges of the simulation.")],
    data: Annotated[Path, typer.Option(help="Folder of normal-dose slices in DICOM.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder.")],
    jobs: Jobs = None,
) -> None:
    """Make a rated data set from normal-dose CT: worse images, labels from 0 to 4, a manifest."""
    from distiliqa.ct import index_ct
    from distiliqa.lab.data.simulated import simulate_dataset as run
    from distiliqa.lab.data.simulation_recipe import load_simulation_recipe
    from distiliqa.simulate.dicom_files import not_made

    settings = load_simulation_recipe(recipe)
    index = index_ct(data)
    files = sorted(not_made({Path(slice_.path) for slice_ in index.slices}, data, out))
    try:
        summary = run(data, files, out, settings, jobs=jobs)
    except KeyboardInterrupt:
        say("interrupted; run again to resume", err=True)
        raise typer.Exit(130) from None
    say(str(summary))
    problems = (*index.failed, *index.left_out, *summary.problems)
    for problem in problems:
        say(f"{problem.path}: {problem.reason}", err=True)
    if index.failed or summary.problems:
        raise typer.Exit(1 if summary.images else NOTHING_USABLE)

"""``distiliqa benchmark``: networks, ablations and measures compared on one rated data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import RecipeSettings
from distiliqa.terminal import say


def benchmark(
    recipe: Annotated[Path, typer.Argument(help="YAML file of the benchmark.", metavar="RECIPE")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder; created if missing.")],
    only: Annotated[
        list[str] | None, typer.Option(help="Train this method alone; repeat for several.")
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Train nothing: write the table of what is finished.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Measure a few steps, and print the time in all.")
    ] = False,
    set_: RecipeSettings = None,
) -> None:
    """Compare methods by out-of-fold predictions: one trainer, the same folds and budget.

    The same command goes on after a stop. The table is written again after each method.
    """
    from distiliqa.lab.benchmark.benchmark_files import write_benchmark
    from distiliqa.lab.benchmark.benchmark_recipe import load_benchmark
    from distiliqa.lab.benchmark.benchmark_run import open_benchmark
    from distiliqa.lab.benchmark.benchmark_table import make_table
    from distiliqa.lab.recipe_file import parse_overrides

    read = load_benchmark(recipe, parse_overrides(set_ or []))
    methods = [read.method(name) for name in only] if only else list(read.methods)
    run = open_benchmark(read, out)
    if estimate:
        from distiliqa.lab.benchmark.estimate import estimated

        for line in estimated(run, methods):
            say(line)
        return
    for method in [] if report else methods:
        run.train([method])
        write_benchmark(make_table(run), out)
    if report:
        write_benchmark(make_table(run), out)
    say(f"table in {out / 'table.md'}")

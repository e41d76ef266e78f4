"""``distiliqa benchmark``: networks, ablations and measures compared on one rated data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.cli.options import RecipeSettings
from distiliqa.errors import DivergedError
from distiliqa.folder_lock import only_one
from distiliqa.terminal import say

if TYPE_CHECKING:
    from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, MethodSection


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
    from distiliqa.lab.benchmark.benchmark_recipe import load_benchmark
    from distiliqa.lab.recipe_file import parse_overrides

    read = load_benchmark(recipe, parse_overrides(set_ or []))
    methods = [read.method(name) for name in only] if only else list(read.methods)
    if estimate:
        _print_estimate(read, methods, out)
    elif report:
        _write_table(read, out)
    else:
        with only_one(out, "benchmark"):
            _train(read, methods, out)


def _train(recipe: BenchmarkRecipe, methods: Sequence[MethodSection], out: Path) -> None:
    """Train methods one by one. One that fails does not stop the others."""
    from distiliqa.lab.benchmark.benchmark_files import write_benchmark
    from distiliqa.lab.benchmark.benchmark_run import open_benchmark
    from distiliqa.lab.benchmark.benchmark_table import make_table
    from distiliqa.lab.benchmark.method_checks import check_methods

    run, failed = open_benchmark(recipe, out), False
    check_methods(run.rated, methods)
    for method in methods:
        try:
            run.train([method])
        except DivergedError as error:
            say(f"failed: {method.name}: {error}", err=True)
            failed = True
        write_benchmark(make_table(run), out)
    say(f"table in {out / 'table.md'}")
    if failed:
        raise typer.Exit(1)


def _write_table(recipe: BenchmarkRecipe, out: Path) -> None:
    from distiliqa.lab.benchmark.benchmark_files import write_benchmark
    from distiliqa.lab.benchmark.benchmark_run import open_benchmark
    from distiliqa.lab.benchmark.benchmark_table import make_table

    write_benchmark(make_table(open_benchmark(recipe, out)), out)
    say(f"table in {out / 'table.md'}")


def _print_estimate(recipe: BenchmarkRecipe, methods: Sequence[MethodSection], out: Path) -> None:
    from distiliqa.lab.benchmark.benchmark_run import open_benchmark
    from distiliqa.lab.benchmark.estimate import estimated

    for line in estimated(open_benchmark(recipe, out), methods):
        say(line)

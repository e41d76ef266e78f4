"""Tables and plot of a benchmark of this repository, from the files that its run left."""

from __future__ import annotations

from pathlib import Path

RESULTS = Path(__file__).parents[2] / "training" / "benchmark" / "results"
NOT_RUN = (
    "**This comparison has not been run yet.** Its recipe is `training/benchmark/{name}.yaml`."
)


def comparison(name: str) -> str:
    """Table, plot and groups of a recipe; a sentence while it has not been run."""
    folder = RESULTS / name
    if not (folder / "table.md").is_file():
        return NOT_RUN.format(name=name)
    table, groups = ((folder / file).read_text("utf-8") for file in ("table.md", "groups.md"))
    plot = f"![Figures with their intervals](../../training/benchmark/results/{name}/figures.png)"
    log = f"Files and log: `training/benchmark/results/{name}`."
    return "\n\n".join([table, plot, groups, log])

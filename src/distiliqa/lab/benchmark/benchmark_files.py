"""Files of a benchmark: its table in four formats, the groups as CSV, and two plots.

::

    OUT/table.csv, table.json, table.md, table.tex   one row a method
    OUT/groups.csv     figures by dose, fault and whatever the recipe names
    OUT/groups.md      the primary figure of them, a table for each column
    OUT/figures.png    the primary figure of each method, with its interval
    OUT/cost.png       the same against the cost of a slice
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distiliqa.files import write_csv, write_json, write_text
from distiliqa.lab.benchmark.benchmark_plots import plot_cost, plot_figures
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe
from distiliqa.lab.benchmark.benchmark_table import BenchmarkTable, TableRow
from distiliqa.lab.data.rated_folder import relative
from distiliqa.report.formatting import number_text, p_text
from distiliqa.statistics.agreement import FIGURES
from distiliqa.version import __version__

SHOWN = ("signed_plcc", "signed_srocc", "signed_krocc", "overall", "rmse", "mae")


def write_benchmark(table: BenchmarkTable, out: Path) -> None:
    """Write all files. Raises `DistiliqaError` where ``out`` cannot be written."""
    rows = [_record(table, row) for row in table.rows]
    write_csv(out / "table.csv", list(rows[0]) if rows else [], [row.values() for row in rows])
    groups = [
        {"method": g.method, "column": g.column, "value": g.value, "n": g.n, **g.figures}
        for g in table.groups
    ]
    write_csv(
        out / "groups.csv", list(groups[0]) if groups else [], [row.values() for row in groups]
    )
    write_json(out / "table.json", _content(table, rows, out))
    write_text(out / "table.md", markdown(table))
    write_text(out / "table.tex", latex(table))
    if table.groups:
        write_text(out / "groups.md", groups_markdown(table))
    if table.rows:
        plot_figures(table, out / "figures.png")
        plot_cost(table, out / "cost.png")


def _content(table: BenchmarkTable, rows: list[dict[str, Any]], out: Path) -> dict[str, Any]:
    recipe, rated = table.run.recipe, table.run.rated
    return {
        "distiliqa": __version__,
        "recipe": _settings(recipe, out),
        "images": len(rated.images),
        "patients": len(set(rated.groups)),
        "notes": table.notes,
        "rows": rows,
        "differences": {
            row.result.method.name: {name: asdict(found) for name, found in row.differences.items()}
            for row in table.rows
            if row.differences
        },
        "groups": [asdict(group) for group in table.groups],
    }


def _settings(recipe: BenchmarkRecipe, out: Path) -> dict[str, Any]:
    """Settings with paths as a file in ``out`` names them: a table is passed on."""
    text = json.dumps(recipe.model_dump(), default=lambda path: relative(path, out))
    return dict(json.loads(text))


def _record(table: BenchmarkTable, row: TableRow) -> dict[str, Any]:
    """A row as plain values by column; what does not apply is None."""
    found: dict[str, Any] = {"method": row.result.method.name}
    for name in FIGURES:
        low, high = row.intervals.bounds[name] or (None, None)
        found |= {name: row.figures[name], f"{name}_low": low, f"{name}_high": high}
        found[f"{name}_sd_of_seeds"] = row.deviations.get(name)
    primary = table.run.recipe.primary
    difference = row.differences and row.differences[primary]
    low, high = (difference and difference.interval) or (None, None)
    found |= {
        "compared_figure": primary,
        "difference": difference and difference.value,
        "difference_low": low,
        "difference_high": high,
        "p": difference and difference.p,
        "p_holm": row.p_holm,
    }
    cost = row.result.cost
    return found | {
        "parameters": cost and cost.parameters,
        "flop": cost and cost.flop,
        "ms_a_slice": cost and cost.ms,
        "seconds_to_train": row.result.seconds,
        "steps": row.result.steps,
        "trainings": row.result.trainings,
        "learning_rates": " ".join(f"{rate:g}" for rate in row.result.learning_rates),
        "cost_problem": cost and cost.problem,
    }


_HEADINGS = {
    **{name: f"signed {name.removeprefix('signed_').upper()}" for name in SHOWN[:3]},
    **{"overall": "overall", "rmse": "RMSE", "mae": "MAE"},
    "difference": "difference",
    "p": "p (Holm)",
    "parameters": "parameters, 10^6",
    "flop": "GFLOP",
    "ms": "ms",
    "trainings": "networks",
    "steps": "steps of each",
    "seconds": "training, s",
}


def _cells(table: BenchmarkTable, row: TableRow) -> list[str]:
    """The cells of a printed row, without the name."""
    cells = [_with_range(row.figures[name], row.intervals.bounds[name]) for name in SHOWN]
    if row.differences is None:
        cells += ["", ""]
    else:
        found = row.differences[table.run.recipe.primary]
        p = "" if row.p_holm is None else p_text(row.p_holm)
        cells += [_with_range(found.value, found.interval), p]
    cost, seconds = row.result.cost, row.result.seconds
    cells.append("" if cost is None else f"{cost.parameters / 1e6:.2f}")
    cells.append("" if cost is None else f"{cost.flop / 1e9:.2f}")
    cells.append("" if cost is None or cost.ms is None else f"{cost.ms:.0f}")
    cells += ["" if n is None else str(n) for n in (row.result.trainings, row.result.steps)]
    cells.append("" if seconds is None else f"{seconds:.0f}")
    return cells


def _with_range(value: float | None, bounds: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if bounds is None else f"{value:.3f} ({bounds[0]:.3f} to {bounds[1]:.3f})"


def markdown(table: BenchmarkTable) -> str:
    """The table in Markdown, and its notes."""
    lines = _lines(table, " | ", lambda text: text.replace("|", "\\|"))
    rule = "|".join(["---", *["---:"] * len(_HEADINGS)])
    body = [f"| {line} |" for line in lines]
    return "\n".join([_caption(table), "", body[0], f"|{rule}|", *body[1:], "", *_notes(table)])


def groups_markdown(table: BenchmarkTable) -> str:
    """The primary figure of each method by dose, fault and so on, in Markdown."""
    primary = table.run.recipe.primary
    lines = [f"{primary} by group, with the number of images", ""]
    for column in dict.fromkeys(group.column for group in table.groups):
        found = [group for group in table.groups if group.column == column]
        values = dict.fromkeys(f"{group.value} ({group.n})" for group in found)
        lines += [f"| {column} | {' | '.join(values)} |", f"|---|{'---:|' * len(values)}"]
        for row in table.rows:
            name = row.result.method.name
            cells = [
                number_text(group.figures[primary], 3) for group in found if group.method == name
            ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def latex(table: BenchmarkTable) -> str:
    """The table in LaTeX, for the package booktabs."""
    head, *body = _lines(table, " & ", _escaped)
    return "\n".join(
        [
            f"% {_caption(table)}",
            f"\\begin{{tabular}}{{l{'r' * len(_HEADINGS)}}}",
            "\\toprule",
            f"{head} \\\\",
            "\\midrule",
            *(f"{line} \\\\" for line in body),
            "\\bottomrule",
            "\\end{tabular}",
            *(f"% {note}" for note in table.notes),
            "",
        ]
    )


def _lines(table: BenchmarkTable, sign: str, escape: Callable[[str], str]) -> list[str]:
    rows: list[Iterable[str]] = [("method", *_HEADINGS.values())]
    rows += [(row.result.method.name, *_cells(table, row)) for row in table.rows]
    return [sign.join(map(escape, row)) for row in rows]


def _caption(table: BenchmarkTable) -> str:
    recipe, rated = table.run.recipe, table.run.rated
    return (
        f"{len(rated.images)} images of {len(set(rated.groups))} patients, "
        f"{recipe.folds.count} folds by {recipe.folds.by}, {len(recipe.seeds)} seeds; "
        f"difference in {recipe.primary} to {recipe.compare_with}"
    )


def _notes(table: BenchmarkTable) -> list[str]:
    return [*(f"- {note}" for note in table.notes), ""]


def _escaped(text: str) -> str:
    for sign in "&%$#_{}":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("10^6", "$10^6$")

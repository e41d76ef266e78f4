"""The table of a benchmark: figures with intervals, differences to one method, and groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from distiliqa.lab.benchmark.benchmark_recipe import MethodSection
from distiliqa.lab.benchmark.benchmark_run import BenchmarkRun, MethodResult
from distiliqa.lab.data.process_column import PROCESS, kinds_of
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.statistics.group_bootstrap import (
    FigureDifference,
    Intervals,
    bootstrap,
    mean_figures,
    paired_bootstrap,
)
from distiliqa.statistics.holm import holm

MIN_PATIENTS = 10
MIN_IMAGES = 3  # of a group, for a correlation
_MAX_VALUES = 6  # of a column of numbers that are shown one by one


@dataclass(frozen=True)
class TableRow:
    """A method in the table.

    Attributes
    ----------
    figures : mean over seeds, by name. deviations : sample standard deviation over seeds; empty for
        one seed.
    intervals : by bootstrap of patients.
    differences : to the method that all are compared with, second in the subtraction; None for that
        method and while it is not finished.
    p_holm : of the primary figure, corrected over all rows; None where there is no p.
    """

    result: MethodResult
    figures: Mapping[str, float | None]
    deviations: Mapping[str, float | None]
    intervals: Intervals
    differences: Mapping[str, FigureDifference] | None
    p_holm: float | None = None


@dataclass(frozen=True)
class GroupRow:
    """Figures of a method for the images of a group, such as those of one dose."""

    method: str
    column: str
    value: str
    n: int
    figures: Mapping[str, float | None]


@dataclass(frozen=True)
class BenchmarkTable:
    """All rows, the groups, and notes on what the figures do not say."""

    run: BenchmarkRun
    rows: tuple[TableRow, ...]
    groups: tuple[GroupRow, ...]
    notes: tuple[str, ...]


def make_table(run: BenchmarkRun) -> BenchmarkTable:
    """The table of the methods that are finished."""
    results = run.results()
    named = {result.method.name: result for result in results}
    against = named.get(run.recipe.compare_with)
    rows = _corrected([_row(run, result, against) for result in results], run.recipe.primary)
    groups = [group for result in results for group in _groups(run, result)]
    return BenchmarkTable(run, tuple(rows), tuple(groups), tuple(_notes(run, results)))


def _row(run: BenchmarkRun, result: MethodResult, against: MethodResult | None) -> TableRow:
    true, groups = run.rated.labels, run.rated.groups
    draws = {"resamples": run.recipe.resamples, "seed": run.recipe.seeds[0]}
    differences = None
    if against is not None and against is not result:
        differences = paired_bootstrap(result.scores, against.scores, true, groups, **draws)
    return TableRow(
        result,
        mean_figures(result.scores, true),
        _deviations(result.scores, true),
        bootstrap(result.scores, true, groups, **draws),
        differences,
    )


def _deviations(scores: NDArray[np.float64], true: NDArray[np.float64]) -> dict[str, float | None]:
    if len(scores) < 2:
        return {}
    runs = [mean_figures(run, true) for run in scores]
    columns = {name: [run[name] for run in runs] for name in runs[0]}
    return {
        name: None if None in values else float(np.std([value or 0.0 for value in values], ddof=1))
        for name, values in columns.items()
    }


def _corrected(rows: list[TableRow], primary: str) -> list[TableRow]:
    found = {
        at: p
        for at, row in enumerate(rows)
        if row.differences and (p := row.differences[primary].p) is not None
    }
    adjusted = dict(zip(found, holm(list(found.values())), strict=True))
    return [replace(row, p_holm=adjusted.get(at)) for at, row in enumerate(rows)]


def _groups(run: BenchmarkRun, result: MethodResult) -> list[GroupRow]:
    found = []
    for column in run.recipe.data.by:
        for value, at in members(run.rated.images, column).items():
            figures = mean_figures(result.scores[:, at], run.rated.labels[at])
            if len(at) < MIN_IMAGES:
                figures |= {name: None for name in figures if _of_correlations(name)}
            found.append(GroupRow(result.method.name, column, value, len(at), figures))
    return found


def _of_correlations(figure: str) -> bool:
    return "cc" in figure or figure == "overall"  # which is their sum


def members(images: Sequence[RatedImage], column: str) -> dict[str, list[int]]:
    """Positions of the images by their value in a column of manifest.csv.

    A kind of processing has all its images, at any strength. Numbers of many values are put
    together: zero, and a third each of the others.
    """
    groups: dict[str, list[int]] = {}
    if column == PROCESS:
        for at, image in enumerate(images):
            for kind in sorted(kinds_of(image)) or ["none"]:
                groups.setdefault(kind, []).append(at)
        return dict(sorted(groups.items()))
    texts = [image.facts.get(column, "") for image in images]
    names = _names(texts) if len(set(texts)) > _MAX_VALUES else texts
    for at, name in enumerate(names):
        groups.setdefault(name or "unknown", []).append(at)
    return dict(sorted(groups.items()))


def _names(texts: Sequence[str]) -> Sequence[str]:
    try:
        numbers = np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return texts
    others = np.isfinite(numbers) & (numbers != 0)
    if not others.any():
        return texts
    edges = np.quantile(numbers[others], [0, 1 / 3, 2 / 3, 1])
    third = np.clip(np.searchsorted(edges[1:3], numbers, side="right"), 0, 2)
    return [
        ("0" if number == 0 else "") if not known else f"{edges[part]:.3g} to {edges[part + 1]:.3g}"
        for number, known, part in zip(numbers, others, third, strict=True)
    ]


def _notes(run: BenchmarkRun, results: Sequence[MethodResult]) -> list[str]:
    notes = []
    patients = len(set(run.rated.groups))
    if patients < MIN_PATIENTS:
        notes.append(
            f"{patients} patients: intervals and p-values need at least {MIN_PATIENTS}, and are "
            "too narrow and too small here"
        )
    if any(image.case is None for image in run.rated.images):
        notes.append("some images name no patient: they are kept together by source or anatomy")
    if any(r.method.network and not r.method.imagenet_weights for r in results):
        notes.append("initial weights are random, unless a method names a file of weights")
    finished = {result.method.name for result in results}
    missing = [m.name for m in run.recipe.methods if m.name not in finished]
    if missing:
        notes.append(f"not finished yet: {', '.join(missing)}")
    return [*notes, *_leaks(run, results)]


def _leaks(run: BenchmarkRun, results: Sequence[MethodResult]) -> Iterator[str]:
    """How much other folds than those of the benchmark flatter a method."""
    by, primary = run.recipe.folds.by, run.recipe.primary
    usual = {_split_alike(r.method): r for r in results if r.method.folds in (None, by)}
    for result in results:
        other, same = result.method.folds, usual.get(_split_alike(result.method))
        if other in (None, by) or same is None:
            continue
        labels, groups = run.rated.labels, run.rated.groups
        draws = {"resamples": run.recipe.resamples, "seed": run.recipe.seeds[0]}
        found = paired_bootstrap(result.scores, same.scores, labels, groups, **draws)[primary]
        if found.value is not None:
            low, high = found.interval or (np.nan, np.nan)
            yield (
                f"folds by {other} in place of {by} change {primary} of {same.method.name} by "
                f"{found.value:+.3f} ({low:+.3f} to {high:+.3f})"
                + ("; patients are on both sides of these folds" if other == "contiguous" else "")
            )


def _split_alike(method: MethodSection) -> str:
    """What a method is, whatever its name and its folds."""
    return method.model_copy(update={"name": "", "folds": None}).model_dump_json()

"""Figures, differences and groups of predictions that are known; and the files that hold them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark import benchmark_table
from distiliqa.lab.benchmark.benchmark_files import write_benchmark
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe
from distiliqa.lab.benchmark.benchmark_run import BenchmarkRun, MethodResult, open_benchmark
from distiliqa.lab.benchmark.benchmark_table import BenchmarkTable, make_table, members
from distiliqa.lab.benchmark.costs import Cost
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.statistics.agreement import agreement
from distiliqa.statistics.group_bootstrap import paired_bootstrap
from distiliqa.statistics.holm import holm

METHODS = [
    {"name": "ours", "network": "compact"},
    {"name": "net_1", "network": "resnet18", "stem": "published"},
    {"name": "noise", "measure": "noise_level"},
    {"name": "later", "measure": "snr"},
]


@pytest.fixture
def table(
    benchmark_recipe: Callable[..., BenchmarkRecipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> BenchmarkTable:
    recipe = benchmark_recipe(METHODS, seeds=[0, 1])
    run = open_benchmark(recipe, tmp_path / "out")
    rng, labels = np.random.default_rng(0), run.rated.labels
    errors = {"ours": (0.3, 2), "net_1": (0.5, 2), "noise": (1.5, 1)}
    made = [
        MethodResult(
            recipe.method(name),
            labels + rng.normal(0, error, (runs, len(labels))),
            seconds=None if runs == 1 else 12.0,
            steps=None if runs == 1 else 40,
            trainings=None if runs == 1 else 1,
            learning_rates=() if runs == 1 else (0.001, 0.01),
            cost=None if runs == 1 else Cost(2_000_000, 3_000_000_000, 12.3),
        )
        for name, (error, runs) in errors.items()
    ]
    monkeypatch.setattr(BenchmarkRun, "results", lambda self: made)
    return make_table(run)


def test_figures_are_means_over_seeds(table: BenchmarkTable) -> None:
    labels = table.run.rated.labels
    for row in table.rows:
        runs = [agreement(scores, labels) for scores in row.result.scores]
        assert row.figures["rmse"] == pytest.approx(np.mean([run.rmse for run in runs]))
        if len(runs) > 1:
            expected = np.std([run.rmse for run in runs], ddof=1)
            assert row.deviations["rmse"] == pytest.approx(expected)
        bounds = row.intervals.bounds["rmse"]
        assert bounds is not None
        assert bounds[0] < bounds[1]
        assert row.intervals.groups == 6


def test_differences_to_one_method_are_corrected_for_their_number(table: BenchmarkTable) -> None:
    ours, *others = table.rows
    assert (ours.differences, ours.p_holm) == (None, None)
    groups, labels = table.run.rated.groups, table.run.rated.labels
    ps = []
    for row in others:
        expected = paired_bootstrap(
            row.result.scores, ours.result.scores, labels, groups, resamples=99
        )
        assert row.differences == expected
        ps.append(expected["signed_srocc"].p or 0)
    assert [row.p_holm for row in others] == holm(ps)


def test_groups_by_dose(table: BenchmarkTable) -> None:
    at = members(table.run.rated.images, "dose")["0.5"]
    (group,) = (g for g in table.groups if (g.method, g.value) == ("noise", "0.5"))
    scores, labels = table.rows[2].result.scores[0], table.run.rated.labels
    assert group.n == 6
    assert group.figures["mae"] == pytest.approx(np.abs(scores[at] - labels[at]).mean())


def test_notes_say_what_the_figures_do_not(table: BenchmarkTable) -> None:
    text = "\n".join(table.notes)
    assert "6 patients: intervals and p-values need at least 10" in text
    assert "initial weights are random" in text
    assert "not finished yet: later" in text


def test_groups_of_few_images_have_no_correlation(
    table: BenchmarkTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark_table, "MIN_IMAGES", 7)
    for group in make_table(table.run).groups:
        known = {name for name, value in group.figures.items() if value is not None}
        assert known.isdisjoint({"signed_srocc", "plcc", "overall"})
        assert {"rmse", "mae"} <= known


def test_a_note_says_how_much_other_folds_flatter(
    benchmark_recipe: Callable[..., BenchmarkRecipe],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    methods = [METHODS[0], METHODS[0] | {"name": "leaking", "folds": "contiguous"}]
    recipe = benchmark_recipe(methods, primary="rmse")
    run = open_benchmark(recipe, tmp_path / "out")
    labels = run.rated.labels
    made = [
        MethodResult(recipe.method(name), labels[None] + error, seconds=1.0)
        for name, error in (("ours", 0.5), ("leaking", 0.2))
    ]
    monkeypatch.setattr(BenchmarkRun, "results", lambda self: made)
    assert make_table(run).notes[-1] == (
        "folds by contiguous in place of case change rmse of ours by -0.300 (-0.300 to -0.300); "
        "patients are on both sides of these folds"
    )


def test_members_of_columns() -> None:
    def images(column: str, values: list[str]) -> list[RatedImage]:
        facts = [{column: value} if value else {} for value in values]
        return [RatedImage(f"{i}", Path("x"), 0.0, facts=fact) for i, fact in enumerate(facts)]

    kinds = members(images("process", ["median:2;jpeg:1", "", "jpeg:3"]), "process")
    assert kinds == {"jpeg": [0, 2], "median": [0], "none": [1]}
    assert members(images("kernel", ["B", "", "A", "B"]), "kernel") == {
        "A": [2],
        "B": [0, 3],
        "unknown": [1],
    }
    rings = members(images("ring", ["0", "0.0", "1", "2", "3", "4", "5", "6"]), "ring")
    assert rings["0"] == [0, 1]
    assert [len(at) for at in rings.values()] == [2, 2, 2, 2]


def test_files(table: BenchmarkTable, tmp_path: Path) -> None:
    out = tmp_path / "files"
    write_benchmark(table, out)
    with (out / "table.csv").open() as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert float(rows["net_1"]["rmse"]) == table.rows[1].figures["rmse"]
    assert rows["net_1"]["parameters"] == "2000000"
    assert rows["net_1"]["learning_rates"] == "0.001 0.01"
    assert (rows["net_1"]["steps"], rows["net_1"]["trainings"]) == ("40", "1")
    assert rows["noise"]["parameters"] == rows["ours"]["p_holm"] == ""
    content = read_json(out / "table.json")
    assert (content["images"], content["patients"]) == (18, 6)
    data = content["recipe"]["data"]
    assert (out / data["folder"]).resolve() == table.run.recipe.data.folder
    assert str(tmp_path) not in (out / "table.json").read_text()
    assert content["differences"]["noise"]["mae"]["value"] == pytest.approx(
        (table.rows[2].figures["mae"] or 0) - (table.rows[0].figures["mae"] or 0)
    )
    lines = (out / "table.md").read_text().splitlines()
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    by_dose = (out / "groups.md").read_text().splitlines()
    assert by_dose[2] == "| dose | 0.25 (6) | 0.5 (6) | 1.0 (6) |"
    assert [line.count("|") for line in by_dose[2:7]] == [5] * 5
    assert [line.split(" |")[0] for line in by_dose[4:7]] == ["| ours", "| net_1", "| noise"]
    latex = (out / "table.tex").read_text()
    assert "net\\_1 &" in latex
    assert "parameters, $10^6$" in latex
    assert all((out / name).read_bytes()[:4] == b"\x89PNG" for name in ("figures.png", "cost.png"))


def test_an_empty_table_has_files_too(table: BenchmarkTable, tmp_path: Path) -> None:
    write_benchmark(replace(table, rows=(), groups=()), tmp_path / "files")
    assert (tmp_path / "files" / "table.csv").read_text() == "\n"

from __future__ import annotations

import csv
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import with_facts

from distiliqa.ct import Acquisition
from distiliqa.report.column import Column
from distiliqa.report.columns import (
    BESIDES,
    COMPARED,
    FACTS,
    SCORES_CSV,
    SERIES,
    row_of,
    series_columns,
    slice_columns,
)
from distiliqa.report.csv import write_csv
from distiliqa.report.heatmaps import write_pictures
from distiliqa.report.html import write_html
from distiliqa.scoring.result import ScoringRun

EVERY = (*SCORES_CSV, *BESIDES, *SERIES)


@pytest.mark.parametrize("column", EVERY, ids=lambda column: column.name)
def test_a_column_has_a_value_and_a_meaning_of_one_sentence(column: Column, run: ScoringRun):
    scored = run.slices[0] if column.level == "slice" else run.series[0]
    assert column.term
    assert column.meaning.endswith(".")
    assert column.meaning.count(". ") == 0
    column.value(scored)


def test_a_quantity_has_its_unit_in_its_name():
    units = {"mm": "_mm", "cm": "_cm", "mA": "_ma", "mAs": "_mas", "mGy": "_mgy", "HU": "_hu"}
    units["s"] = "_s"
    named = [column for column in EVERY if column.unit in units]
    assert len(named) == 18
    wrong = [column for column in named if not column.name.endswith(units[column.unit])]
    assert [column.name for column in wrong] == ["streak_index", "ring_index", "streak_index_air"]


def test_all_facts_of_an_acquisition_are_columns():
    assert [column.name for column in FACTS] == [field.name for field in fields(Acquisition)]


def test_people_see_a_fact_with_its_digits(run: ScoringRun):
    score, spread, path = slice_columns("score", "spread", "path")
    slice_ = with_facts(replace(run.slices[0], score=1.005, spread=None), path="a\x1bb.dcm")
    assert [column.text(slice_) for column in (score, spread, path)] == ["1.00", "", "a\\x1bb.dcm"]
    assert (score.title, slice_columns("noise_hu")[0].title) == ("Score", "Noise level, HU")


def test_a_series_has_the_facts_of_the_slices_that_count(run: ScoringRun):
    *others, last = run.slices[1:]
    series = replace(run, slices=(*others, replace(last, distance=2.0))).series[0]
    found = row_of(SERIES, series)
    assert (found["slices"], found["counted"], found["outside"]) == (3, 2, 1)
    assert (found["lowest_position_mm"], found["highest_position_mm"]) == (3.0, 9.0)
    assert found["score"] == pytest.approx(sum(slice_.score for slice_ in others) / 2)
    nowhere = replace(series, slices=(with_facts(last, position_mm=None),))
    assert series_columns("lowest_position_mm")[0].value(nowhere) is None


def test_metrics_are_unknown_without_a_reference(run: ScoringRun):
    assert set(row_of(COMPARED, run.slices[0]).values()) == {None}


def test_page_csv_and_heatmap_file_number_a_slice_alike(run: ScoringRun, tmp_path: Path):
    heatmap = np.full((8, 8), 2, np.float32)
    mapped = replace(run, slices=tuple(replace(one, heatmap=heatmap) for one in run.slices))
    series = mapped.series[1]
    write_csv(tmp_path / "scores.csv", series.slices)
    write_html(tmp_path / "report.html", mapped)
    write_pictures(tmp_path, series, mapped.model)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        numbers = [int(row["number"]) for row in csv.DictReader(file)]
    for number in numbers:
        assert f'id="s2-{number}"' in page
        assert (tmp_path / f"slice_{number:04}.png").exists()
    assert len(list(tmp_path.glob("*.png"))) == len(numbers) == 3

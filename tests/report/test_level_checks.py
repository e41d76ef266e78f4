from __future__ import annotations

from dataclasses import replace

import pytest

from distiliqa.report import mean_columns
from distiliqa.report.column import Column
from distiliqa.report.json import scores_record
from distiliqa.report.level_checks import (
    is_in_range,
    level_checks,
    level_sentence,
    level_state,
    level_text,
)
from distiliqa.scoring.levels import Range
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore


def with_limits(series: SeriesScore, **limits: Range) -> SeriesScore:
    return replace(series, limits=limits)


def test_ends_are_in_range_and_the_rest_is_below_or_above(run: ScoringRun):
    series = run.series[1]
    noise = series.noise_hu
    for found, verdict in (
        (Range(noise, noise), "in range"),
        (Range(None, None), "in range"),
        (Range(noise + 0.1, None), "below"),
        (Range(None, noise - 0.1), "above"),
    ):
        (check,) = level_checks(with_limits(series, noise_hu=found))
        assert (check.verdict, check.value) == (verdict, pytest.approx(noise))


def test_a_series_is_in_range_only_if_all_is_known_and_in_range(leveled: ScoringRun):
    abdomen, chest = leveled.series
    assert (is_in_range(abdomen), is_in_range(chest)) == (True, False)
    assert level_text(chest) == "score below, sharpness f50 not known"
    assert level_text(with_limits(abdomen)) == "no levels"
    assert not is_in_range(with_limits(abdomen))
    assert level_text(replace(abdomen, limits=None)) is None
    assert level_sentence(leveled.series) == "levels: 1 of 2 series in range"


def test_a_color_sets_what_is_out_of_range_apart_from_what_is_not_known(run: ScoringRun):
    series, known = run.series[1], {"noise_hu": Range(None, None)}
    unknown = {"ssde_mgy": Range(1.0, None)}
    outside = {"score_mean": Range(99.0, None)}
    for limits, state in (
        (known, "in range"),
        (known | unknown, "not known"),
        ({}, "not known"),
        (unknown | outside, "not in range"),
    ):
        assert level_state(with_limits(series, **limits)) == state


def test_a_score_that_contradicts_noise_is_said_to(run: ScoringRun):
    series = run.series[1]
    inside, outside = Range(None, None), Range(1e6, None)

    def text(**limits: Range) -> str | None:
        return level_text(with_limits(series, **limits))

    assert (
        text(score_mean=inside, noise_hu=outside) == "noise below, the score disagrees with noise"
    )
    assert (
        text(score_mean=outside, noise_hu=inside) == "score below, the score disagrees with noise"
    )
    assert text(score_mean=outside, noise_hu=outside) == "score below, noise below"
    assert text(score_mean=outside, ssde_mgy=inside) == "score below, SSDE not known"


def test_a_measure_counts_once_its_column_is_there(
    leveled: ScoringRun, monkeypatch: pytest.MonkeyPatch
):
    sharp = Column("mtf50_per_mm", "1/mm", 2, "f50.", lambda slice_: 0.3, term="f50")
    known = tuple(column for column in mean_columns.MEASURES if column.name != sharp.name)
    monkeypatch.setattr(mean_columns, "MEASURES", (*known, sharp))
    assert level_text(leveled.series[1]) == "score below, the score disagrees with sharpness f50"


def test_json_has_value_range_and_verdict(leveled: ScoringRun):
    abdomen, chest = (series["levels"] for series in scores_record(leveled)["series"])
    assert [(check["measure"], check["verdict"]) for check in chest] == [
        ("score_mean", "below"),
        ("mtf50_per_mm", "not known"),
    ]
    assert abdomen[0] | {"value": None} == {
        "measure": "noise_hu",
        "value": None,
        "low": None,
        "high": 1000.0,
        "verdict": "in range",
    }

from __future__ import annotations

import math
from dataclasses import replace

from tests.support.made import made_score
from tests.support.sized import sized_series

from distiliqa.report import mean_columns
from distiliqa.report.columns import COMPARED, SCORES_CSV
from distiliqa.report.mean_columns import MEASURES, SETTINGS, known_values, mean_texts, measures_of
from distiliqa.scoring.series_score import SeriesScore


def test_numbers_are_measures_and_places_and_settings_are_not():
    names = {column.name for column in MEASURES}
    assert names >= {"score", "noise_hu", "processed", "distance", "ctdivol_mgy", "exposure_mas"}
    assert not names & {"slice", "number", "position_mm", "kvp", "pitch", "path", "warnings"}
    assert not names & {column.name for column in SETTINGS}


def test_each_column_of_a_slice_has_a_place_or_is_left_out_on_purpose():
    known = {column.name for column in (*MEASURES, *SETTINGS)} | set(mean_columns._PLACES)
    left = {column.name for column in SCORES_CSV if column.name not in known}
    assert left == {"path", "series", "warnings", "sop_instance_uid", "outside"}


def test_what_is_unknown_or_does_not_count_has_no_part():
    (noise,) = (column for column in MEASURES if column.name == "noise_hu")
    counts = [made_score(noise_hu=value) for value in (10.0, None, math.nan, 14.0)]
    series = SeriesScore("s", (*counts, replace(counts[0], noise_hu=99.0, distance=2.0)))
    assert known_values(series, noise) == [10.0, 14.0]


def test_metrics_need_a_reference():
    assert set(measures_of(compared=True)) - set(measures_of(compared=False)) == set(COMPARED)


def test_figures_of_a_series_are_means_of_what_is_known():
    series = sized_series(1, dw_mm=300.4, ssde_mgy=12.345)
    assert dict(mean_texts(series)) | {"Sharpness f50, 1/mm": ""} == {
        "Sharpness f50, 1/mm": "",
        "Detectability d'": "35.0",
        "SSDE, mGy": "12.35",
        "Water-equivalent diameter, mm": "300",
    }
    unknown = sized_series(1, ssde_mgy=None, reason="a phantom")
    assert "SSDE, mGy" not in dict(mean_texts(unknown))

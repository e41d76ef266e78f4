from __future__ import annotations

from dataclasses import replace

from tests.support.made import made_score, made_slice
from tools.phantom.blurred_body import body

from distiliqa.metrics import measure_slice, pooled_measures
from distiliqa.report.column import Column
from distiliqa.report.columns import SCORES_CSV
from distiliqa.report.mean_columns import pooled_texts
from distiliqa.report.measured_columns import MEASURED_COLUMNS, POOLED_COLUMNS
from distiliqa.scoring.series_score import SeriesScore

MEASURES = measure_slice(
    made_slice(body(0.35, pixel_mm=0.7, size=320, noise_hu=12), spacing_mm=(0.7, 0.7))
)


def column(name: str, columns: tuple[Column, ...]) -> Column:
    return next(column for column in columns if column.name == name)


def test_columns_stand_together_and_take_their_measure():
    assert SCORES_CSV[-len(MEASURED_COLUMNS) - 1 : -1] == MEASURED_COLUMNS
    slice_ = made_score(measures=MEASURES)
    values = {column.name: column.value(slice_) for column in MEASURED_COLUMNS}
    assert values == {
        "mtf50_per_mm": MEASURES.mtf.f50_per_mm,
        "mtf10_per_mm": MEASURES.mtf.f10_per_mm,
        "nps_mean_per_mm": MEASURES.nps.mean_per_mm,
        "nps_peak_per_mm": MEASURES.nps.peak_per_mm,
        "dprime": MEASURES.detectability.npw,
        "dw_mm": MEASURES.size.diameter_mm,
        "truncated_share": MEASURES.size.truncated_share,
        "off_center_mm": None,
        "ssde_mgy": None,
        "streak_index": MEASURES.streaks.tissue.index_hu,
        "ring_index": MEASURES.rings.index_hu,
        "streak_index_air": MEASURES.streaks.air.index_hu,
    }


def test_a_slice_that_was_not_measured_has_none():
    assert {column.value(made_score()) for column in MEASURED_COLUMNS} == {None}


def test_pooled_measures_have_the_ends_of_their_intervals():
    pooled = replace(pooled_measures([MEASURES.evidence] * 3, 224.0), npw_interval=(3.0, 4.0))
    series = SeriesScore("s", (made_score(),), pooled=pooled)
    ends = [column(f"pooled_dprime_{end}", POOLED_COLUMNS).value(series) for end in ("low", "high")]
    assert ends == [3.0, 4.0]
    low = column("pooled_mtf50_per_mm_low", POOLED_COLUMNS).value(series)
    assert low == pooled.mtf.interval_per_mm[0]
    assert column("pooled_nps_peak_per_mm", POOLED_COLUMNS).value(series) == pooled.nps.peak_per_mm
    plain = replace(series, pooled=None)
    assert {column.value(plain) for column in POOLED_COLUMNS} == {None}


def test_pooled_measures_are_shown_with_their_intervals():
    pooled = replace(pooled_measures([MEASURES.evidence] * 3, 224.0), npw_interval=(3.0, 4.0))
    found = dict(pooled_texts(SeriesScore("s", (made_score(),), pooled=pooled)))
    assert found["Pooled detectability d'"] == f"{pooled.detectability.npw:.1f} (3.0 to 4.0)"
    assert found["Pooled peak frequency of the noise, 1/mm"] == f"{pooled.nps.peak_per_mm:.3f}"
    assert not [term for term in found if "end" in term]


def test_what_cannot_be_pooled_has_a_reason_and_nothing_is_shown_unasked():
    nothing = SeriesScore("s", (made_score(),), pooled=pooled_measures([], 0.0))
    found = dict(pooled_texts(nothing))
    assert found["No pooled texture"] == "no slice has enough plain soft tissue"
    assert found["No pooled sharpness"] == "all slices together have too little bare skin"
    assert list(pooled_texts(SeriesScore("s", (made_score(),)))) == []

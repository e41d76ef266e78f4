from __future__ import annotations

import pytest

from distiliqa.ct import SOFT_TISSUE
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.series_entry import SeriesEntry, percentile, worst_first
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

SCALE = ScoreScale(0.0, 4.0, "made up")


def scored(*scores: float) -> list[SliceScore]:
    return [SliceScore(score, (score,), None, (), "m 1", SOFT_TISSUE) for score in scores]


def test_the_worst_comes_first_whatever_the_direction():
    slices = scored(2, 1, 3)
    assert [slice_.score for slice_ in worst_first(slices, SCALE)] == [1, 2, 3]
    upside_down = ScoreScale(0.0, 4.0, "loss", higher_is_better=False)
    assert [slice_.score for slice_ in worst_first(slices, upside_down)] == [3, 2, 1]


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("series 3, 10:22:31, 1f3a09bc", "Series 3, 10:22:31, 1f3a09bc"),
        ("1f3a09bc", "Series 1f3a09bc"),
        ("dose_010", "Series dose_010"),
        ("Series_3", "Series_3"),
    ],
)
def test_a_heading_has_the_word_series_once(name: str, heading: str):
    slices = scored(2.0)
    entry = SeriesEntry(
        1, name, SeriesScore("1.2", tuple(slices)), slices, shown=True, pictured=False
    )
    assert entry.heading == heading


def test_a_single_slice_has_no_tenth_percentile():
    for slices, text in ((scored(2.0), ""), (scored(1.0, 2.0), "1.00")):
        series = SeriesScore("1.2", tuple(slices))
        entry = SeriesEntry(1, "a", series, slices, shown=True, pictured=False)
        assert entry.tenth_text == text


@pytest.mark.parametrize(
    ("count", "share", "rank"), [(1, 0.1, 1), (10, 0.1, 1), (11, 0.1, 2), (30, 0.1, 3), (4, 0.5, 2)]
)
def test_a_percentile_is_a_slice_by_the_nearest_rank(count: int, share: float, rank: int):
    ranked = scored(*range(1, count + 1))
    assert percentile(ranked, share).score == rank

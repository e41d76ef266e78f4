from __future__ import annotations

from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.slice_score import SliceScore


def slice_score(score: float, series: str, **facts: object) -> SliceScore:
    return made_score(score, series=series, **facts)


def scoring_run(*slices: SliceScore, **facts: object) -> ScoringRun:
    config = ModelConfig("m", "1", {}, 1, ScoreScale(0, 4, "quality"))
    nothing = {"inputs": (), "failed": (), "left_out": (), "sha256": {}, "seconds": {}}
    return ScoringRun(model=config, slices=slices, found=len(slices), **(nothing | facts))


def test_series_keep_the_reading_order_and_have_a_mean():
    first = Acquisition(kvp=120)
    run = scoring_run(
        slice_score(1, "b", acquisition=first), slice_score(2, "b"), slice_score(4, "a")
    )
    assert [(series_.series, series_.score, len(series_.slices)) for series_ in run.series] == [
        ("b", 1.5, 2),
        ("a", 4, 1),
    ]
    assert run.series[0].acquisition == first


def test_a_series_is_complete_unless_one_of_its_own_slices_is_missing():
    slices = slice_score(1, "a"), slice_score(1, "b"), slice_score(1, "c")
    run = scoring_run(*slices, expected={"a": 1, "b": 2})
    assert [series_.complete for series_ in run.series] == [True, False, True]


def test_the_hash_of_a_slice_is_that_of_the_file_it_lies_in():
    run = scoring_run(sha256={"in/a.dcm": "aa", "in/scans.zip": "bb", "https://pacs/1": "cc"})
    assert run.sha256_of("https://pacs/1") == "cc"
    assert run.sha256_of("in/a.dcm") == "aa"
    assert run.sha256_of("in/scans.zip/deep/1.dcm") == "bb"
    assert run.sha256_of("in/other.dcm") is None

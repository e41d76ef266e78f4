from __future__ import annotations

from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.models.config import ModelConfig, ScoreScale
from distiliqa.scoring.result import ScoringRun, SliceScore


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
    assert [(each.series, each.score, len(each.slices)) for each in run.series] == [
        ("b", 1.5, 2),
        ("a", 4, 1),
    ]
    assert run.series[0].acquisition == first


def test_noise_of_a_series_is_the_mean_of_the_slices_that_have_one():
    run = scoring_run(
        slice_score(1, "a", noise_hu=10.0), slice_score(1, "a"), slice_score(1, "a", noise_hu=13.0)
    )
    assert run.series[0].noise_hu == 11.5
    assert scoring_run(slice_score(1, "a")).series[0].noise_hu is None


def test_slices_outside_what_the_model_knows_do_not_count_for_the_series():
    run = scoring_run(
        slice_score(1, "a", distance=0.5, interval=(0.0, 2.0)),
        slice_score(2, "a", distance=1.0, interval=(1.5, 3.0)),
        slice_score(4, "a", distance=1.1, interval=(3.0, 4.0)),
    )
    assert [each.out_of_domain for each in run.slices] == [False, False, True]
    assert (run.series[0].score, run.series[0].interval) == (1.5, (0.75, 2.5))
    assert scoring_run(slice_score(4, "a", distance=1.1)).series[0].score == 4
    assert scoring_run(slice_score(4, "a")).series[0].interval is None


def test_images_without_a_patient_count_only_where_there_is_nothing_else():
    strange = slice_score(3, "a", distance=2.0, interval=(2.0, 4.0))
    empty = slice_score(0, "a", empty=True)
    (series,) = scoring_run(strange, empty).series
    assert (series.score, series.interval) == (3, (2.0, 4.0))
    (series,) = scoring_run(strange, empty, count_outside=True).series
    assert (series.score, series.interval) == (1.5, (1.0, 2.0))
    (series,) = scoring_run(empty, empty).series
    assert (series.score, series.interval, len(series.known)) == (0, None, 2)


def test_a_mean_has_no_interval_where_a_slice_that_counts_has_none():
    run = scoring_run(slice_score(3, "a", interval=(2.0, 4.0)), slice_score(1, "a"))
    assert (run.series[0].score, run.series[0].interval) == (2, None)


def test_a_series_sums_up_how_the_slices_that_count_were_acquired():
    doses = [Acquisition(ctdivol_mgy=dose) for dose in (28.0, 5.0, 99.0)]
    run = scoring_run(
        slice_score(1, "a", acquisition=doses[0]),
        slice_score(1, "a", acquisition=doses[1]),
        slice_score(1, "a", acquisition=doses[2], empty=True),
    )
    assert run.series[0].acquisition.ctdivol_mgy == 16.5
    assert run.series[0].variations["ctdivol_mgy"] == (16.5, 5.0, 28.0)


def test_a_series_is_complete_unless_one_of_its_own_slices_is_missing():
    slices = slice_score(1, "a"), slice_score(1, "b"), slice_score(1, "c")
    run = scoring_run(*slices, expected={"a": 1, "b": 2})
    assert [each.complete for each in run.series] == [True, False, True]


def test_noise_of_a_series_is_that_of_the_slices_that_count():
    slices = (
        slice_score(1, "a", distance=0.5, noise_hu=10.0),
        slice_score(1, "a", distance=2.0, noise_hu=50.0),
    )
    assert scoring_run(*slices).series[0].noise_hu == 10.0
    assert scoring_run(*slices, count_outside=True).series[0].noise_hu == 30.0


def test_the_hash_of_a_slice_is_that_of_the_file_it_lies_in():
    run = scoring_run(sha256={"in/a.dcm": "aa", "in/scans.zip": "bb", "https://pacs/1": "cc"})
    assert run.sha256_of("https://pacs/1") == "cc"
    assert run.sha256_of("in/a.dcm") == "aa"
    assert run.sha256_of("in/scans.zip/deep/1.dcm") == "bb"
    assert run.sha256_of("in/other.dcm") is None

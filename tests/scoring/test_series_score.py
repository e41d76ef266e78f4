from __future__ import annotations

from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore


def slice_score(score: float, **facts: object) -> SliceScore:
    return made_score(score, series="a", **facts)


def series_of(*slices: SliceScore, count_outside: bool = False) -> SeriesScore:
    return SeriesScore("a", slices, count_outside=count_outside)


def test_noise_of_a_series_is_the_mean_of_the_slices_that_have_one():
    series = series_of(slice_score(1, noise_hu=10.0), slice_score(1), slice_score(1, noise_hu=13.0))
    assert series.noise_hu == 11.5
    assert series_of(slice_score(1)).noise_hu is None


def test_processed_slices_are_counted_and_their_probability_is_of_those_that_count():
    clear = slice_score(1, processed=0.25)
    flagged = slice_score(1, processed=0.75, counts_as_processed=True)
    strange = slice_score(1, processed=1.0, counts_as_processed=True, distance=2.0)
    series = series_of(clear, flagged, strange)
    assert (series.processed, series.processed_slices) == (0.5, 2)
    assert (series_of(clear).processed_slices, series_of(slice_score(1)).processed_slices) == (
        0,
        None,
    )
    assert series_of(slice_score(1)).processed is None


def test_slices_out_of_domain_do_not_count():
    series = series_of(
        slice_score(1, distance=0.5, interval=(0.0, 2.0)),
        slice_score(2, distance=1.0, interval=(1.5, 3.0)),
        slice_score(4, distance=1.1, interval=(3.0, 4.0)),
    )
    assert [slice_.out_of_domain for slice_ in series.slices] == [False, False, True]
    assert (series.score, series.interval) == (1.5, (0.75, 2.5))
    assert series_of(slice_score(4, distance=1.1)).score == 4
    assert series_of(slice_score(4)).interval is None


def test_images_without_a_patient_count_only_where_there_is_nothing_else():
    strange = slice_score(3, distance=2.0, interval=(2.0, 4.0))
    empty = slice_score(0, empty=True)
    series = series_of(strange, empty)
    assert (series.score, series.interval) == (3, (2.0, 4.0))
    series = series_of(strange, empty, count_outside=True)
    assert (series.score, series.interval) == (1.5, (1.0, 2.0))
    series = series_of(empty, empty)
    assert (series.score, series.interval, len(series.known)) == (0, None, 2)


def test_a_mean_has_no_interval_where_a_slice_that_counts_has_none():
    series = series_of(slice_score(3, interval=(2.0, 4.0)), slice_score(1))
    assert (series.score, series.interval) == (2, None)


def test_a_series_sums_up_how_the_slices_that_count_were_acquired():
    doses = [Acquisition(ctdivol_mgy=dose) for dose in (28.0, 5.0, 99.0)]
    series = series_of(
        slice_score(1, acquisition=doses[0]),
        slice_score(1, acquisition=doses[1]),
        slice_score(1, acquisition=doses[2], empty=True),
    )
    assert series.acquisition.ctdivol_mgy == 16.5
    assert series.variations["ctdivol_mgy"] == (16.5, 5.0, 28.0)


def test_noise_of_a_series_is_that_of_the_slices_that_count():
    slices = (
        slice_score(1, distance=0.5, noise_hu=10.0),
        slice_score(1, distance=2.0, noise_hu=50.0),
    )
    assert series_of(*slices).noise_hu == 10.0
    assert series_of(*slices, count_outside=True).noise_hu == 30.0

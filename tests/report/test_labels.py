from __future__ import annotations

import pytest
from tests.support.made import made_score

from distiliqa.report.labels import series_labels, slice_labels
from distiliqa.scoring.result import SeriesScore, SliceScore


def at(*paths: str) -> tuple[SliceScore, ...]:
    return tuple(made_score(path=path, frame=n, number=n + 1) for n, path in enumerate(paths))


@pytest.mark.parametrize(
    ("series", "labels"),
    [
        ([at("/d/full/1", "/d/full/2"), at("/d/low/1", "/d/low/2")], ["full", "low"]),
        ([at("/d/full/1", "/d/full/2")], ["full"]),
        ([at("/d/full/1")], ["1"]),
        ([at("1.dcm")], ["1.dcm"]),
        ([at("1.dcm", "2.dcm")], ["."]),
        ([at("/d/a.nii", "/d/a.nii"), at("/d/b/1", "/d/b/2")], ["a.nii", "b"]),
        ([at("/d/x/1", "/d/x/2"), at("/d/x/3", "/d/x/4")], ["x (1)", "x (2)"]),
        ([at("/d/1", "/d/2"), at("/d/x/3", "/d/x/4")], ["d", "d/x"]),
        ([at("here/1"), at("/there/2")], ["here/1", "/there/2"]),
    ],
)
def test_a_series_is_named_by_what_sets_it_apart(series: list, labels: list[str]):
    assert series_labels([SeriesScore("s", slices) for slices in series], 40) == labels


def test_slices_are_named_inside_their_folder():
    assert slice_labels(at("/d/full/1", "/d/low/1"), 40) == ["full/1", "low/1"]
    assert slice_labels(at("/d/a.nii", "/d/a.nii"), 40) == ["a.nii [1]", "a.nii [2]"]


def test_a_long_name_keeps_its_end():
    (label,) = slice_labels(at("/d/1.2.840.113619.2.55.3.2831868886.977"), 12)
    assert label == "…1868886.977"

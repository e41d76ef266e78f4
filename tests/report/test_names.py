from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from tests.support.made import made_score, with_facts

from distiliqa.ct import Problem
from distiliqa.ct.header_facts import Identification
from distiliqa.report.names import (
    KnownPaths,
    Names,
    file_names,
    series_labels,
    short_hash,
    slice_labels,
)
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore


def test_a_series_is_named_by_the_hash_of_its_uid(run: ScoringRun):
    first, second = Names.of(run, identify=False).series
    assert first == f"series {hashlib.sha256(b'1.2.4').hexdigest()[:8]}"
    assert second == f"series {hashlib.sha256(run.series[1].series.encode()).hexdigest()[:8]}"


def test_a_person_finds_the_series_by_number_and_time_of_day(run: ScoringRun):
    stated = Identification(study_date="2019-02-03", scan_time="10:22:31", series_number=4)
    slices = (with_facts(run.slices[0], identification=stated), *run.slices[1:])
    named = replace(run, slices=slices)
    first, second = Names.of(named, identify=False).series
    assert first == f"series 4, 10:22:31, {short_hash('1.2.4')}"
    assert second == f"series {short_hash(run.series[1].series)}"
    assert file_names(named) == [short_hash(series.series) for series in run.series]


def test_two_series_never_share_a_name(run: ScoringRun):
    """Their files would replace each other: of 10,000 series, two begin alike in 1 of 100 runs."""
    found = dict[str, str]()
    twins = next(
        (found[name], uid)
        for uid in map(str, range(10**6))
        if found.setdefault(name := short_hash(uid), uid) != uid
    )
    slices = tuple(with_facts(run.slices[0], series=uid) for uid in (*twins, "1.2"))
    names = Names.of(replace(run, slices=slices), identify=False).series
    assert len(set(names)) == 3
    hashes = [name.removeprefix("series ") for name in names]
    assert hashes[0][:8] == hashes[1][:8]
    assert [len(one) for one in hashes] == [16, 16, 8]


def test_a_series_is_named_by_its_folder_when_asked(run: ScoringRun):
    assert Names.of(run, identify=True).series == ("abdomen/0.dcm", "thorax")


def test_a_slice_is_named_by_number_and_place(run: ScoringRun):
    first = run.series[1].slices[0]
    assert Names.of(run, identify=False).slice(first) == "slice 1, z 3.0 mm"
    assert Names.of(run, identify=True).slice(first) == "2.dcm, slice 1, z 3.0 mm"
    nowhere = replace(with_facts(first, position_mm=None), number=7)
    assert Names.of(run, identify=False).slice(nowhere) == "slice 7"


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("a copy of /scans/Doe Jane/1.dcm", "a copy of a file"),
        ("a copy of /not read/Doe Jane/2.dcm", "a copy of a file"),
        ("file 'Jane Doe.nii' is cut short; copy it", "file 'a file' is cut short; copy it"),
        ("/in/Jane Doe.nii: no header", "a file: no header"),
        ("127 files that are no image", "127 files that are no image"),
    ],
)
def test_a_reason_names_no_file_unless_asked(run: ScoringRun, reason: str, shown: str):
    problem = Problem("/in/Jane Doe.nii", reason)
    known = KnownPaths(["/scans/Doe Jane/1.dcm", "/scans/Doe Jane/127"])
    assert Names.of(run, identify=False).reason(problem, known) == shown
    assert Names.of(run, identify=True).reason(problem, known) == reason


def test_a_path_that_is_not_utf_8_has_a_name(run: ScoringRun):
    odd = with_facts(run.slices[0], series="sch\udce4del")
    (name,) = Names.of(replace(run, slices=(odd,)), identify=False).series
    assert len(name) == len("series ") + 8


class Counted(str):
    """A text that counts how often something is looked for in it."""

    looks = 0

    def __contains__(self, part: object) -> bool:
        Counted.looks += 1
        return str.__contains__(self, str(part))


@pytest.mark.parametrize("count", [500, 1000])
def test_reasons_cost_no_look_at_each_known_path(run: ScoringRun, count: int):
    """Twice the files are twice the work: thousands of unreadable ones came to a minute."""
    known = KnownPaths(f"/scans/Doe/{number}.dcm" for number in range(count))
    names = Names.of(run, identify=False)
    Counted.looks = 0
    for number in range(count):
        text = Counted(f"unlike /scans/Doe/{(number + 1) % count}.dcm")
        problem = Problem(f"/scans/Doe/{number}.dcm", text)
        assert names.reason(problem, known) == "unlike a file"
    assert 0 < Counted.looks <= 4 * count


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

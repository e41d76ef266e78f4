from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.compare.pairing import match_slices, pair_series, series_of
from distiliqa.ct import SliceInfo
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.inputs import find_slices

Write = Callable[..., Path]


def paired(a: Path, b: Path) -> list[tuple[str, str]]:
    pairs = pair_series(*(series_of(find_slices([path])) for path in (a, b)))
    return [(one.folder, other.folder) for one, other in pairs]


def test_one_and_one_belong_together(tmp_path: Path, write_series: Write):
    a = write_series(tmp_path / "a" / "x", 2).parent
    b = write_series(tmp_path / "b" / "y", 3, SeriesInstanceUID="1.2.4").parent
    assert paired(a, b) == [("x", "y")]


def test_series_uids_decide(tmp_path: Path, write_series: Write):
    for side, folders in (("a", "pq"), ("b", "qp")):
        for n, folder in enumerate(folders):
            write_series(tmp_path / side / folder, 1 + n, SeriesInstanceUID=f"1.2.{n}")
    assert paired(tmp_path / "a", tmp_path / "b") == [("p", "q"), ("q", "p")]


def test_places_in_the_input_decide_where_uids_do_not(tmp_path: Path, write_series: Write):
    for n, side in enumerate("ab"):
        for k, folder in enumerate("pq"):
            write_series(tmp_path / side / folder, 2, SeriesInstanceUID=f"1.{n}.{k}")
    assert paired(tmp_path / "a", tmp_path / "b") == [("p", "p"), ("q", "q")]


def test_the_protocol_decides_at_last(tmp_path: Path, write_series: Write):
    for n, (side, kernels) in enumerate((("a", ("B30f", "B70f")), ("b", ("B70f", "B30f")))):
        for k, kernel in enumerate(kernels):
            tags = {"SeriesInstanceUID": f"1.{n}.{k}", "ConvolutionKernel": kernel}
            write_series(tmp_path / side / f"{side}{k}", 2, **tags)
    assert paired(tmp_path / "a", tmp_path / "b") == [("a0", "b1"), ("a1", "b0")]


def test_what_nothing_separates_is_reported_by_name(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "a" / "x", 2, SeriesInstanceUID="1.1")
    write_series(tmp_path / "a" / "y", 2, SeriesInstanceUID="1.2")
    write_series(tmp_path / "b" / "z", 2, SeriesInstanceUID="1.3")
    with pytest.raises(DistiliqaError, match=r"x \(2 slices, B30f\), y .*give the folder of one"):
        paired(tmp_path / "a", tmp_path / "b")


PATHS = ("A", "B")


def refs(folder: str, **places: float | None) -> list[SliceInfo]:
    """Slices by name with their position; none of them can be loaded."""
    return [
        SliceInfo(f"{folder}/{name}.dcm", 0, folder, position) for name, position in places.items()
    ]


def names(pairs: list[tuple[SliceInfo, SliceInfo]]) -> list[tuple[str, str]]:
    return [(one.path, other.path) for one, other in pairs]


def test_by_position_whatever_the_names():
    pairs = match_slices(refs("a", x=0, y=3, z=6), refs("b", y=6.2, x=3.1), None, PATHS)
    assert names(pairs) == [("a/y.dcm", "b/x.dcm"), ("a/z.dcm", "b/y.dcm")]


def test_a_thin_series_gives_each_thick_slice_one_partner():
    thin, thick = refs("a", p=0, q=1, r=2, s=3, t=4), refs("b", x=0.2, y=4.2)
    assert names(match_slices(thin, thick, None, PATHS)) == [
        ("a/p.dcm", "b/x.dcm"),
        ("a/t.dcm", "b/y.dcm"),
    ]


def test_by_name_where_a_side_has_no_positions():
    first, second = refs("a", x=0, y=3), refs("b", y=None, z=None)
    assert names(match_slices(first, second, None, PATHS)) == [("a/y.dcm", "b/y.dcm")]
    with pytest.raises(DistiliqaError, match=r"^B: has no slice positions; use --match name"):
        match_slices(first, second, "position", PATHS)


def test_by_name_where_asked_to():
    first, second = refs("a", x=0, y=3), refs("b", x=3, y=0)
    assert names(match_slices(first, second, "name", PATHS)) == [
        ("a/x.dcm", "b/x.dcm"),
        ("a/y.dcm", "b/y.dcm"),
    ]


def test_by_order_needs_as_many():
    first, second = refs("a", x=0, y=3), refs("b", p=100, q=200)
    assert names(match_slices(first, second, "order", PATHS)) == [
        ("a/x.dcm", "b/p.dcm"),
        ("a/y.dcm", "b/q.dcm"),
    ]
    with pytest.raises(DistiliqaError, match=r"^B: holds 1 against the 2 slices of A: their order"):
        match_slices(first, second[:1], "order", PATHS)


def test_several_slices_at_one_position_are_reported():
    with pytest.raises(DistiliqaError, match=r"^B: holds several slices at one position"):
        match_slices(refs("a", x=0), refs("b", x=0, y=0), None, PATHS)

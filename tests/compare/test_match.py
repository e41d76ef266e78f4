from __future__ import annotations

import pytest

from distiliqa.compare.match import match_slices
from distiliqa.ct import SliceInfo
from distiliqa.errors import DistiliqaError

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
    with pytest.raises(DistiliqaError, match=r"^B: tells no slice positions; use --match name"):
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


def test_several_slices_at_one_position_are_told():
    with pytest.raises(DistiliqaError, match=r"^B: holds several slices at one position"):
        match_slices(refs("a", x=0), refs("b", x=0, y=0), None, PATHS)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.compare.pairing import pair_series, series_of
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


def test_series_uids_tell(tmp_path: Path, write_series: Write):
    for side, folders in (("a", "pq"), ("b", "qp")):
        for n, folder in enumerate(folders):
            write_series(tmp_path / side / folder, 1 + n, SeriesInstanceUID=f"1.2.{n}")
    assert paired(tmp_path / "a", tmp_path / "b") == [("p", "q"), ("q", "p")]


def test_places_in_the_input_tell_where_uids_do_not(tmp_path: Path, write_series: Write):
    for n, side in enumerate("ab"):
        for k, folder in enumerate("pq"):
            write_series(tmp_path / side / folder, 2, SeriesInstanceUID=f"1.{n}.{k}")
    assert paired(tmp_path / "a", tmp_path / "b") == [("p", "p"), ("q", "q")]


def test_the_protocol_tells_at_last(tmp_path: Path, write_series: Write):
    for n, (side, kernels) in enumerate((("a", ("B30f", "B70f")), ("b", ("B70f", "B30f")))):
        for k, kernel in enumerate(kernels):
            tags = {"SeriesInstanceUID": f"1.{n}.{k}", "ConvolutionKernel": kernel}
            write_series(tmp_path / side / f"{side}{k}", 2, **tags)
    assert paired(tmp_path / "a", tmp_path / "b") == [("a0", "b1"), ("a1", "b0")]


def test_what_nothing_tells_apart_is_told_by_name(tmp_path: Path, write_series: Write):
    write_series(tmp_path / "a" / "x", 2, SeriesInstanceUID="1.1")
    write_series(tmp_path / "a" / "y", 2, SeriesInstanceUID="1.2")
    write_series(tmp_path / "b" / "z", 2, SeriesInstanceUID="1.3")
    with pytest.raises(DistiliqaError, match=r"x \(2 slices, B30f\), y .*give the folder of one"):
        paired(tmp_path / "a", tmp_path / "b")

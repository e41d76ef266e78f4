"""The slices that benchmarks score are different ones to the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import index_ct, read_ct
from distiliqa.examples import EXAMPLE_SERIES


@pytest.fixture(autouse=True)
def _of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISTILIQA_BENCH_DATA", raising=False)


def test_copies_count_as_slices_of_their_own(tmp_path: Path):
    from bench.slices import write_slices

    index = index_ct(write_slices(tmp_path / "made", 203))
    assert (len(index.slices), index.failed, index.left_out) == (203, (), ())
    assert len({ref.series for ref in index.slices}) == 2
    assert [ref.position_mm for ref in index.slices[:3]] == [0, 1, 2]


def test_their_pixels_are_those_of_the_source(tmp_path: Path):
    from bench.slices import write_slices

    (made,) = read_ct(write_slices(tmp_path / "made", 1))
    assert any(np.array_equal(made.hu, ct.hu) for ct in read_ct(EXAMPLE_SERIES))
    (large,) = read_ct(write_slices(tmp_path / "large", 1, size=600))
    assert large.hu.shape == (600, 600)
    np.testing.assert_array_equal(large.hu[:512, :512], made.hu)

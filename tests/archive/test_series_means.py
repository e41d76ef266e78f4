from __future__ import annotations

from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")

import pyarrow.parquet as pq  # noqa: E402

from distiliqa.archive import series_means as series  # noqa: E402
from distiliqa.archive.parts import Parts  # noqa: E402
from distiliqa.archive.series_means import write_series  # noqa: E402
from distiliqa.archive.table import schema  # noqa: E402
from distiliqa.report.measured_columns import MEASURED_COLUMNS  # noqa: E402


def means(folder: Path, *parts: list[dict], count_outside: bool = False) -> dict[str, dict]:
    found = Parts(folder / "slices", schema(()))
    for rows in parts:
        scored = [{"state": "scored", "outside": False, **row} for row in rows]
        found.add(pa.Table.from_pylist(scored, found.schema))
        found.flush()
    count = write_series(found, folder, count_outside=count_outside)
    rows = pq.read_table(folder / "series.parquet").to_pylist()
    assert len(rows) == count
    return {row["series"]: row for row in rows}


def test_a_series_may_lie_in_several_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(series, "_MAX_SUMS", 1)
    one = {"series": "a", "score": 1.0, "position_mm": 5.0, "noise_hu": 10.0}
    two = {"series": "a", "score": 2.0, "position_mm": -5.0}
    other = {"series": "b", "score": 4.0, "interval_low": 3.0, "interval_high": 4.0}
    found = means(tmp_path, [one], [two, other], [{**one, "score": 3.0}])
    assert (found["a"]["slices"], found["a"]["score"]) == (3, 2.0)
    assert (found["a"]["lowest_position_mm"], found["a"]["highest_position_mm"]) == (-5.0, 5.0)
    assert (found["a"]["noise_hu"], found["a"]["interval_low"]) == (10.0, None)
    assert (found["b"]["interval_low"], found["b"]["interval_high"]) == (3.0, 4.0)
    assert found["b"]["lowest_position_mm"] is None


@pytest.mark.parametrize(("count_outside", "mean"), [(False, 3.0), (True, 2.0)])
def test_slices_out_of_domain_count_only_when_asked(
    tmp_path: Path, count_outside: bool, mean: float
):
    rows = [
        {"series": "a", "score": 3.0},
        {"series": "a", "score": 1.0, "outside": True},
        {"series": "all out of domain", "score": 1.5, "outside": True},
    ]
    found = means(tmp_path, rows, count_outside=count_outside)
    assert (found["a"]["score"], found["a"]["outside"]) == (mean, 1)
    assert found["all out of domain"]["score"] == 1.5


@pytest.mark.parametrize("count_outside", [False, True])
def test_a_mean_is_of_the_slices_of_its_interval(tmp_path: Path, count_outside: bool):
    strange = {"outside": True, "interval_low": 2.0, "interval_high": 4.0, "score": 3.0}
    empty = {"outside": True, "empty": True, "score": 0.0}
    bare = {"series": "b", "score": 1.0}
    rows = [{"series": "a", **strange}, {"series": "a", **empty}, bare, {"series": "b", **strange}]
    found = means(tmp_path, rows, count_outside=count_outside)
    expected = [1.5, 1.0] if count_outside else [3.0, 2.0]
    assert [found["a"][name] for name in ("score", "interval_low")] == expected
    expected = [2.0, None] if count_outside else [1.0, None]
    assert [found["b"][name] for name in ("score", "interval_low")] == expected


def test_a_measure_is_the_mean_of_the_slices_that_have_it(tmp_path: Path):
    rows = [{"series": "a", "score": 1.0, "mtf50_per_mm": f50} for f50 in (0.3, 0.4, None)]
    found = means(tmp_path, rows, [{"series": "b", "score": 1.0}])
    assert found["a"]["mtf50_per_mm"] == pytest.approx(0.35)
    assert (found["a"]["dprime"], found["b"]["mtf50_per_mm"]) == (None, None)
    columns = list(found["a"])
    names = [column.name for column in MEASURED_COLUMNS]
    assert columns[-len(names) :] == names


def test_parts_of_version_0_1_0_can_still_be_read(tmp_path: Path):
    older = schema(())
    names = (column.name for column in MEASURED_COLUMNS)
    for name in ("empty", "processed", "counts_as_processed", *names):
        older = older.remove(older.get_field_index(name))
    found = Parts(tmp_path / "slices", older)
    rows = [{"state": "scored", "series": "a", "score": 2.0, "outside": False}]
    found.add(pa.Table.from_pylist(rows, older))
    found.flush()
    write_series(found, tmp_path, count_outside=False)
    (row,) = pq.read_table(tmp_path / "series.parquet").to_pylist()
    assert [row[name] for name in ("score", "processed", "processed_slices")] == [2.0, None, None]


def test_processed_slices_are_counted_and_their_probability_is_of_those_that_count(tmp_path: Path):
    flagged = {"series": "a", "score": 2.0, "processed": 0.9, "counts_as_processed": True}
    plain = {"series": "a", "score": 3.0, "processed": 0.1, "counts_as_processed": False}
    found = means(tmp_path, [flagged, {**flagged, "outside": True}], [plain])
    assert found["a"]["processed"] == pytest.approx(0.5)
    assert found["a"]["processed_slices"] == 2


def test_failed_files_belong_to_no_series(tmp_path: Path):
    failed = {"path": "x", "state": "failed", "outside": None}
    assert list(means(tmp_path, [failed, {"series": "a", "score": 1.0}])) == ["a"]
    lines = (tmp_path / "series.csv").read_text().splitlines()
    assert lines[1].startswith("a,1,0,1.0,")


def test_no_slices_are_an_empty_table(tmp_path: Path):
    assert means(tmp_path) == {}

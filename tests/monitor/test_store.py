from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp
from distiliqa.monitor.recording import Outcome
from distiliqa.monitor.store import ATTEMPTS, Store
from distiliqa.monitor.watch import name_of
from distiliqa.scoring.model import Model
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

PATH = Path("/in/a.dcm")


@pytest.fixture
def store(tmp_path: Path, model: Model) -> Iterator[Store]:
    with closing(Store(tmp_path / "a.sqlite", model.config)) as store:
        yield store


def scored(frame: int = 0, score: float = 3.0, **facts: object) -> SliceScore:
    facts = {"series": "1.2.3", "frame": frame, "path": str(PATH)} | facts
    return made_score(score, warnings=("a note",), **facts)


def outcome(*scores: SliceScore, path: Path = PATH, sha256: str = "aa", size: int = 1) -> Outcome:
    return Outcome(path, FileStamp(size, 2), sha256, scores=scores)


def test_a_series_mean_leaves_out_what_the_model_does_not_know(store: Store):
    store.record(
        [
            outcome(
                scored(0, 1.0, distance=0.5, noise_hu=10.0),
                scored(1, 2.0, noise_hu=20.0),
                scored(2, 4.0, distance=1.5),
            ),
            outcome(scored(0, 3.0, series="1.2.4", distance=2.0), sha256="bb", path=Path("/in/b")),
        ],
        {},
    )
    known, unknown = store.series()
    assert (known["score"], known["noise_hu"]) == (1.5, 15.0)
    assert (known["slices"], known["outside"]) == (3, 1)
    assert (unknown["score"], unknown["noise_hu"], unknown["outside"]) == (3.0, None, 1)


def test_a_series_mean_is_that_of_scoring(store: Store):
    for n, facts in enumerate(
        [
            [{"distance": 0.5}, {"distance": 1.0}, {"distance": 1.5}],
            [{"empty": True}, {"noise_hu": 9.0}, {"noise_hu": 11.0}],
            [{"empty": True}, {"distance": 2.0, "interval": (1.0, 2.5)}],
            [{"empty": True}, {"empty": True}],
            [{"interval": (0.0, 1.5)}, {"interval": (1.0, 3.0)}, {"distance": 3.0}],
            [{"interval": (0.0, 1.5)}, {}],
        ]
    ):
        slices = [scored(at, 1.0 + at**2, series=str(n), **fact) for at, fact in enumerate(facts)]
        store.record([outcome(*slices, sha256=str(n), path=Path(f"/in/{n}"))], {})
        (row,) = (found for found in store.series() if found["series"] == str(n))
        series = SeriesScore(str(n), tuple(slices))
        assert row["score"] == pytest.approx(series.score)
        assert row["noise_hu"] == series.noise_hu
        ends = (row["interval_low"], row["interval_high"])
        assert ends == (series.interval or (None, None))
        assert row["counted"] == len(series.known)
        assert row["outside"] == sum(slice_.out_of_domain for slice_ in slices)


def test_the_first_slice_decides_the_protocol_and_the_order_is_of_arrival(store: Store):
    facts = Acquisition(kvp=100, kernel="B30f", scanner="Force", slice_thickness_mm=2)
    store.record([outcome(scored(series="9", acquisition=facts))], {})
    store.record([outcome(scored(series="1"), sha256="bb", path=Path("/in/b"))], {})
    store.record([outcome(scored(series="9"), sha256="cc", path=Path("/in/c"))], {})
    first, second = store.series()
    assert (first["series"], second["series"]) == ("9", "1")
    assert (first["kvp"], first["kernel"], first["scanner"]) == (100, "B30f", "Force")
    assert (second["kvp"], first["slices"]) == (None, 2)


def test_patients_are_counted_over_all_records(store: Store):
    store.record([outcome(scored(0, position_mm=0.0))], {"1.2.3": 2})
    store.record([outcome(scored(1, position_mm=3.0), sha256="bb")], {"1.2.3": 1})
    (series,) = store.series()
    assert series["patients"] == 2
    assert "slices of 2 patients" in series["warnings"]


def test_a_file_that_fails_is_done_after_its_last_attempt(store: Store):
    failed = replace(outcome(), reason="cut short", failed=True)
    for _ in range(ATTEMPTS):
        assert store.done() == {}
        store.record([failed], {})
    assert store.done() == {name_of(PATH): failed.stamp}
    store.record([replace(failed, stamp=FileStamp(5, 6))], {})
    assert store.done() == {}
    assert store.counts() == {"failed": 1}
    assert [tuple(row) for row in store.failed()] == [(name_of(PATH), "cut short")]


def test_another_copy_of_a_former_content_keeps_it(store: Store):
    copy = Path("/in/copy.dcm")
    store.record([outcome(scored()), outcome(path=copy)], {})
    store.record([outcome(scored(score=1.0), sha256="bb", size=9)], {})
    assert [row["slices"] for row in store.series()] == [2]
    store.record([outcome(sha256="bb", path=copy, size=9)], {})
    assert [row["slices"] for row in store.series()] == [1]


def test_what_could_be_scored_of_a_file_cut_short_takes_the_place_of_its_former_content(
    store: Store,
):
    store.record([outcome(scored(0), scored(1))], {})
    cut = replace(outcome(scored(0), sha256="bb", size=5), reason="cut short", failed=True)
    store.record([cut], {})
    assert [row["slices"] for row in store.series()] == [1]
    store.record([outcome(scored(0), scored(1), sha256="cc", size=9)], {})
    assert [row["slices"] for row in store.series()] == [2]


def test_a_record_that_fails_leaves_nothing(store: Store):
    with pytest.raises(DistiliqaError):
        store.record([outcome(scored()), outcome(scored(), path=Path("/in/b"))], {})
    assert (store.series(), store.counts()) == ([], {})


def test_scores_of_another_model_are_not_mixed_in(store: Store, model: Model):
    other = replace(model.config, version="2.0", files={"model.onnx": "00"})
    with pytest.raises(DistiliqaError, match=r"holds scores of tiny 1\.0, not of tiny 2\.0"):
        Store(store.path, other)


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_a_name_that_is_not_utf_8_is_known_again(store: Store):
    path = Path(os.fsdecode(b"/in/\xe4.dcm"))
    store.record([outcome(scored(series=str(path.parent / "\udce4")), path=path)], {})
    assert store.done() == {name_of(path): FileStamp(1, 2)}

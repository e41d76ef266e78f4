from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tests.support.disks import full_disk

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.models.config import OUTPUT
from distiliqa.monitor import Monitor
from distiliqa.monitor import run as module
from distiliqa.monitor.trend import protocols
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import score_inputs

Start = Callable[..., Monitor]
Rows = Callable[..., list[tuple]]
Write = Callable[..., Path]

LIVE = "SELECT count(*) FROM slices WHERE NOT superseded"


def test_what_is_new_is_scored_once(
    folder: Path, out: Path, start: Start, rows: Rows, model: Model, write_series: Write
):
    write_series(folder / "a", 3)
    monitor = start()
    found = monitor.look()
    assert (found.slices, len(found.series), found.failed, found.waiting) == (3, 1, [], 0)
    counts = "0 failed, 0 left out, 0 waiting, 0 alarms"
    assert repr(found) == f"<Tally: 3 slices of 1 series, {counts}>"
    assert repr(monitor) == f"<Monitor of {folder} by {model.title}>"  # and of no patient
    assert (monitor.look().slices, start().look().slices) == (0, 0)
    write_series(folder / "b", 2, SeriesInstanceUID="1.2.4")
    assert start().look().slices == 2
    scored = rows("SELECT sha256, score, noise_hu FROM slices ORDER BY sha256")
    run = score_inputs([folder], model)
    expected = sorted(
        (run.sha256_of(slice_.path), slice_.score, slice_.noise_hu) for slice_ in run.slices
    )
    assert [row[0] for row in scored] == [row[0] for row in expected]
    assert [row[1] for row in scored] == pytest.approx([row[1] for row in expected])
    assert rows("SELECT state, count(*) FROM files GROUP BY state") == [("scored", 5)]
    assert (out / "trend.html").is_file()


def test_the_scores_of_a_series_are_those_of_score(
    folder: Path, start: Start, rows: Rows, model: Model, write_series: Write
):
    write_series(folder, 3)
    start().look()
    (expected,) = score_inputs([folder], model).series
    ((series, slices, score, noise),) = rows(
        "SELECT series, slices, score, noise_hu FROM series_means"
    )
    assert (series, slices) == (expected.series, 3)
    assert (score, noise) == pytest.approx((expected.score, expected.noise_hu))


def test_scans_after_midnight_come_after_those_before_it(
    folder: Path, start: Start, out: Path, write_series: Write
):
    for n, (date, time) in enumerate([("20211223", "235000"), ("20211224", "001000")]):
        when = {"StudyDate": "20211223", "AcquisitionDate": date, "AcquisitionTime": time}
        write_series(folder / str(1 - n), 1, SeriesInstanceUID=f"1.2.{n}", **when)
    start().look()
    with closing(sqlite3.connect(out / "monitor.sqlite")) as database:
        database.row_factory = sqlite3.Row
        (protocol,) = protocols(database.execute("SELECT * FROM series_means").fetchall())
    assert [member.series for member in protocol.members] == ["1.2.0", "1.2.1"]
    assert [member.scan_date for member in protocol.members] == ["2021-12-23", "2021-12-24"]


def test_a_placeholder_for_a_removed_date_stops_no_monitor(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    for n, date in enumerate(["00010101", "20211223"]):
        write_series(folder / str(n), 1, SeriesInstanceUID=f"1.2.{n}", StudyDate=date)
    start().look()
    assert start().look().slices == 0
    assert rows("SELECT scan_date FROM series_means") == [(None,), ("2021-12-23",)]


def test_a_series_that_grows_is_one_series(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    write_series(folder, 4)
    late = (folder / "1.dcm").rename(folder.parent / "late.dcm")
    monitor = start()
    monitor.look()
    assert rows("SELECT slices, warnings FROM series_means") == [
        (3, '["1 slice missing: between 6.0 and 12.0 mm"]')
    ]
    late.rename(folder / "1.dcm")
    assert monitor.look().slices == 1
    assert rows("SELECT slices, warnings FROM series_means") == [(4, "[]")]


def test_two_patients_in_a_series_are_reported_and_not_named(
    folder: Path, out: Path, start: Start, rows: Rows, write_ct: Write
):
    monitor = start()
    for n in range(3):
        hu = np.random.default_rng(n).normal(40, 20, (64, 64))
        tags = {"PatientID": "DOE^JANE" if n else "ROE^RICHARD"}
        write_ct(folder / f"{n}.dcm", hu, ImagePositionPatient=[0, 0, n], **tags)
        monitor.look()
    ((patients, warnings),) = rows("SELECT patients, warnings FROM series")
    assert patients == 2
    assert "slices of 2 patients" in warnings
    stored = (out / "monitor.sqlite").read_bytes() + (out / "trend.html").read_bytes()
    assert b"DOE" not in stored
    assert b"ROE" not in stored


def test_a_full_disk_loses_nothing(folder: Path, start: Start, rows: Rows, write_series: Write):
    write_series(folder, 3)
    monitor = start()
    monitor.look()
    database = monitor.store._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")  # as a disk without a free page
    for n in range(30):
        write_series(folder / str(n), 8, SeriesInstanceUID=f"1.2.{n}")
    with pytest.raises(DistiliqaError) as full:
        monitor.look()
    assert str(full.value).endswith(
        "monitor.sqlite: database or disk is full; free some space; what is in it is whole"
    )
    assert rows("PRAGMA integrity_check") == [("ok",)]
    before = rows(LIVE)[0][0]
    assert 3 <= before < 243
    database.execute("PRAGMA max_page_count = 100000")
    assert monitor.look().slices == 243 - before
    assert rows(LIVE) == [(243,)]
    assert rows("PRAGMA integrity_check") == [("ok",)]


def test_a_page_that_could_not_be_drawn_is_drawn_at_the_next_look(
    folder: Path, out: Path, start: Start, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    write_series(folder, 1)
    monitor = start()
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", full_disk)
        with pytest.raises(DistiliqaError, match=r"trend\.html: cannot be written"):
            monitor.look()
    assert not (out / "trend.html").exists()
    assert monitor.look().slices == 0
    assert (out / "trend.html").is_file()


def test_a_stop_in_a_batch_leaves_the_batches_before(
    folder: Path, start: Start, rows: Rows, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BATCH", 2)
    write_series(folder, 6)

    def stop(done: int, found: int) -> None:
        raise KeyboardInterrupt

    monitor = start()
    with pytest.raises(KeyboardInterrupt):
        monitor.look(stop)
    assert rows(LIVE) == [(2,)]
    assert start().look().slices == 4
    assert rows("SELECT count(*), count(DISTINCT sha256) FROM slices") == [(6, 6)]


def test_a_folder_that_is_not_there_is_reported(folder: Path, start: Start):
    monitor = start()
    folder.rmdir()
    with pytest.raises(DistiliqaError, match="no such folder"):
        monitor.look()
    with pytest.raises(DistiliqaError, match="no such folder"):
        start()


def test_its_own_folder_may_lie_in_the_watched_one(folder: Path, model: Model, write_series: Write):
    write_series(folder, 2)
    with module.monitor(folder, folder / "quality", model, settle=0) as monitor:
        assert monitor.look().slices == 2
        assert monitor.store.counts() == {"scored": 2}


def test_the_watched_folder_may_lie_in_its_own(folder: Path, model: Model, write_series: Write):
    write_series(folder, 2)
    with module.monitor(folder, folder.parent, model, settle=0) as monitor:
        assert monitor.look().slices == 2
        assert monitor.look().slices == 0


def test_its_own_folder_is_known_by_another_name(
    folder: Path, tmp_path: Path, model: Model, write_series: Write
):
    write_series(folder, 2)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    with module.monitor(folder, tmp_path / "link" / "quality", model, settle=0) as monitor:
        assert monitor.look().slices == 2
        assert monitor.store.counts() == {"scored": 2}
    with (
        pytest.raises(DistiliqaError, match="is the watched folder; give --out a folder in it or"),
        module.monitor(folder, tmp_path / "link", model, settle=0),
    ):
        pass
    assert not (folder / "monitor.lock").exists()


def test_a_model_that_fails_ends_the_look(
    folder: Path, start: Start, rows: Rows, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    write_series(folder, 2)
    monitor = start()

    def broken(self, images):
        return {OUTPUT: np.full((len(images), 5), np.nan)}

    monkeypatch.setattr(Model, "run", broken)
    with pytest.raises(ModelFolderError):
        monitor.look()
    assert rows("SELECT count(*) FROM files") == [(0,)]


def test_others_may_read_meanwhile(folder: Path, start: Start, rows: Rows, write_series: Write):
    write_series(folder, 2)
    monitor = start()
    monitor.look()
    with sqlite3.connect(monitor.store.path) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM slices").fetchone() == (2,)
        write_series(folder / "b", 1, SeriesInstanceUID="1.2.4")
        assert monitor.look().slices == 1
    reader.close()

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.monitor.database import in_words, open_database, transaction
from distiliqa.monitor.dose_join import join_dose
from distiliqa.monitor.schema import VERSION


def test_a_new_database_has_a_version_and_says_what_its_columns_are(tmp_path: Path):
    path = tmp_path / "a.sqlite"
    with closing(open_database(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with closing(open_database(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == VERSION
        (schema,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'slices'")
    assert "-- Global noise level (GNL) in the soft tissue. Unit: HU." in schema[0]


def test_all_of_a_transaction_or_nothing(tmp_path: Path):
    with closing(open_database(tmp_path / "a.sqlite")) as database:
        with pytest.raises(sqlite3.IntegrityError), transaction(database):
            database.executemany("INSERT INTO model VALUES ('m', '1', ?)", [("aa",), (None,)])
        assert database.execute("SELECT count(*) FROM model").fetchone()[0] == 0
        with transaction(database):
            database.execute("INSERT INTO model VALUES ('m', '1', 'aa')")
        assert database.execute("SELECT count(*) FROM model").fetchone()[0] == 1


WITHOUT_DOSE = "DROP TABLE dose_events; DROP INDEX slices_of_study;" + "".join(
    f"ALTER TABLE slices DROP COLUMN {column};"
    for column in ("study_uid", "event_uids", "ctdi_phantom_cm", "awaits_dose")
)
OF_VERSION_4 = {
    "series": ("scan_date", "scan_time", "station"),
    "slices": ("mtf50_per_mm", "dw_mm", "ctdivol_mgy", "ssde_mgy"),
}
WITHOUT_SCANS = f"DROP VIEW series_means; DROP TABLE alarms; {WITHOUT_DOSE}" + "".join(
    f"ALTER TABLE {table} DROP COLUMN {column};"
    for table, columns in OF_VERSION_4.items()
    for column in columns
)
WITHOUT_PROCESSED = (
    f"{WITHOUT_SCANS} ALTER TABLE slices DROP COLUMN processed;"
    "ALTER TABLE slices DROP COLUMN counts_as_processed;"
    "CREATE VIEW series_means AS SELECT * FROM series;"
)

A_SERIES = "INSERT INTO series (series, first_scored, patients, warnings) VALUES ('1', '', 1, '');"
A_SLICE = (
    "INSERT INTO slices (sha256, frame, series_id, score, outside, warnings, scored)"
    " VALUES ('a', 0, 1, 3.0, 0, '[]', '');"
)


def test_a_database_of_version_4_goes_on(tmp_path: Path):
    path = tmp_path / "a.sqlite"
    with closing(open_database(path)) as database:
        new = database.execute("SELECT * FROM slices").description
        database.executescript(
            f"{A_SERIES}"
            f"DROP VIEW series_means; {WITHOUT_DOSE} PRAGMA user_version = 4;"
            "CREATE VIEW series_means AS SELECT * FROM series;"
            f"{A_SLICE}"
        )
    with closing(open_database(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == VERSION
        (former,) = database.execute("SELECT * FROM slices").fetchall()
        assert sorted(former.keys()) == sorted(column[0] for column in new)
        assert (former["study_uid"], former["awaits_dose"]) == (None, 0)
        join_dose(database, 1)
        assert database.execute("SELECT score FROM series_means").fetchone()["score"] == 3
        assert database.execute("SELECT count(*) FROM dose_events").fetchone()[0] == 0


def test_a_database_of_version_3_goes_on(tmp_path: Path):
    path = tmp_path / "a.sqlite"
    with closing(open_database(path)) as database:
        new = database.execute("SELECT * FROM series_means").description
        database.executescript(
            f"{A_SERIES}"
            f"{WITHOUT_SCANS} CREATE VIEW series_means AS SELECT * FROM series;"
            "PRAGMA user_version = 3;"
            f"{A_SLICE}"
        )
    with closing(open_database(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == VERSION
        (former,) = database.execute("SELECT * FROM series_means").fetchall()
        assert sorted(former.keys()) == sorted(column[0] for column in new)
        assert [former[name] for name in ("score", "scan_date", "station", "dw_mm")] == [
            *(3, None, None, None)
        ]
        database.execute("UPDATE slices SET dw_mm = 285, mtf50_per_mm = 0.35")
        database.execute("INSERT INTO alarms VALUES (1, 'score', 'lower')")
        (row,) = database.execute("SELECT * FROM series_means").fetchall()
    assert (row["dw_mm"], row["mtf50_per_mm"]) == (285, 0.35)


def test_a_database_of_version_2_goes_on(tmp_path: Path):
    path = tmp_path / "a.sqlite"
    with closing(open_database(path)) as database:
        database.executescript(f"{A_SERIES}{WITHOUT_PROCESSED} PRAGMA user_version = 2;{A_SLICE}")
    with closing(open_database(path)) as database:
        (former,) = database.execute("SELECT * FROM series_means").fetchall()
        database.execute(
            "INSERT INTO slices (sha256, frame, series_id, score, outside, warnings, scored,"
            " processed, counts_as_processed) VALUES ('a', 1, 1, 2.0, 0, '[]', '', 0.75, 1)"
        )
        (row,) = database.execute("SELECT * FROM series_means").fetchall()
    assert [former[name] for name in ("score", "processed", "processed_slices")] == [3, None, None]
    assert [row[name] for name in ("score", "processed", "processed_slices")] == [2.5, 0.75, 1]


def test_a_database_of_version_1_goes_on(tmp_path: Path):
    path = tmp_path / "a.sqlite"
    with closing(open_database(path)) as database:
        database.executescript(
            f"{A_SERIES}"
            f"{WITHOUT_PROCESSED} ALTER TABLE slices DROP COLUMN empty;"
            "ALTER TABLE slices DROP COLUMN slice_thickness_mm; PRAGMA user_version = 1;"
        )
        slices = [(0, 3.0, 2.0, 4.0, "[]"), (1, 0.0, None, None, '["x; scored worst"]')]
        database.executemany(
            "INSERT INTO slices (sha256, frame, series_id, score, interval_low, interval_high,"
            " outside, warnings, scored) VALUES ('a', ?, 1, ?, ?, ?, 1, ?, '')",
            slices,
        )
    with closing(open_database(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == VERSION
        (row,) = database.execute("SELECT * FROM series_means").fetchall()
    found = [row[name] for name in ("score", "interval_low", "interval_high", "counted")]
    assert found == [3.0, 2.0, 4.0, 1]


def test_what_is_no_database_of_a_monitor_is_refused(tmp_path: Path):
    (tmp_path / "text.sqlite").write_text("no database" * 100)
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as other:
        other.execute("CREATE TABLE mine (x)")
    with closing(open_database(tmp_path / "newer.sqlite")) as newer:
        newer.execute(f"PRAGMA user_version = {VERSION + 1}")
    for name, expected in (
        ("text", "text.sqlite: file is not a database; give another --out, or move it away"),
        ("other", "other.sqlite: not a database of a monitor; give another --out, or move it away"),
        ("newer", f"version {VERSION + 1}, this version reads {VERSION}; update distiliqa"),
    ):
        with pytest.raises(DistiliqaError) as refused:
            open_database(tmp_path / f"{name}.sqlite")
        assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [
        ("disk I/O error", "free some space; what is in it is whole"),
        ("database is locked", "close the program that writes to it"),
        ("attempt to write a readonly database", "choose an output folder you may write to"),
    ],
)
def test_each_error_has_its_remedy(problem: str, remedy: str):
    with pytest.raises(DistiliqaError) as raised, in_words(Path("a.sqlite")):
        raise sqlite3.OperationalError(problem)
    assert str(raised.value) == f"a.sqlite: {problem}; {remedy}"

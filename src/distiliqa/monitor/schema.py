"""The tables of the database of a monitor, and the changes from each earlier version."""

from __future__ import annotations

from collections.abc import Iterable

from distiliqa.report.column import Column
from distiliqa.report.columns import slice_columns

VERSION = 5

OF_A_SERIES = slice_columns(
    "manufacturer", "scanner", "kvp", "kernel", "slice_thickness_mm", "body_part"
)
OF_A_SLICE = slice_columns(
    "position_mm",
    "score",
    "spread",
    "interval_low",
    "interval_high",
    "distance",
    "outside",
    "noise_hu",
    "kvp",
    "kernel",
    "empty",
    "slice_thickness_mm",
    "processed",
    "counts_as_processed",
    "mtf50_per_mm",
    "dw_mm",
    "ctdivol_mgy",
    "ssde_mgy",
)
_TYPES = {
    "score": "REAL NOT NULL",
    "outside": "INTEGER NOT NULL",
    "empty": "INTEGER NOT NULL DEFAULT 0",
    "counts_as_processed": "INTEGER NOT NULL DEFAULT 0",
}


def _lines(columns: Iterable[Column]) -> str:
    """Columns for ``CREATE TABLE``, with unit and meaning as comments."""
    return "\n".join(map(_line, columns))


def _line(column: Column) -> str:
    kind = _TYPES.get(column.name, "TEXT" if column.digits is None else "REAL")
    unit = "" if column.unit in ("", "1") else f" Unit: {column.unit}."
    return f"    {column.name} {kind},  -- {column.meaning}{unit}"


_ALARMS = """
CREATE TABLE alarms (         -- the series of the stretches out of control that were reported
    series_id INTEGER NOT NULL REFERENCES series (id),
    measure TEXT NOT NULL,
    side TEXT NOT NULL,       -- of the baseline: higher or lower
    PRIMARY KEY (series_id, measure, side)
);
"""

_DOSE_EVENTS = """
CREATE TABLE dose_events (    -- irradiation events of the radiation dose reports that arrived
    report TEXT NOT NULL,     -- SHA-256 of the report
    number INTEGER NOT NULL,  -- of the event in the report, from 0
    study_uid TEXT,
    event_uid TEXT,
    ctdivol_mgy REAL,         -- mean CTDIvol. Unit: mGy.
    ctdi_phantom_cm INTEGER,  -- diameter of its phantom. Unit: cm.
    dlp_mgy_cm REAL,          -- dose length product. Unit: mGy.cm.
    length_mm REAL,           -- scanning length. Unit: mm.
    pitch REAL,
    ssde_mgy REAL,            -- by the scanner. Unit: mGy.
    PRIMARY KEY (report, number)
);
CREATE INDEX dose_events_of_study ON dose_events (study_uid);
"""

# SQLite keeps the comments: `.schema` shows them to whoever opens the file.
SCHEMA = f"""
CREATE TABLE model (          -- the one model that all scores are of
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL      -- of model.onnx
);
CREATE TABLE files (          -- every file that was looked at, as it was then
    path TEXT PRIMARY KEY,    -- absolute; bytes that are not UTF-8 stand as \\udcXX
    size INTEGER NOT NULL,    -- bytes
    modified_ns INTEGER NOT NULL,  -- time of change, ns since 1970
    sha256 TEXT,              -- of its content, for .mhd and .nhdr with that of its pixels;
                              -- of what was scored, or a dose report, before where it is
                              -- neither now;
                              -- NULL where it cannot be read
    state TEXT NOT NULL CHECK (state IN ('scored', 'left out', 'failed')),
    reason TEXT,              -- why it is left out or failed
    attempts INTEGER NOT NULL -- how often it was tried as it is; 0 while it cannot be opened
);
CREATE INDEX files_by_content ON files (sha256);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,   -- grows with the order of arrival
    series TEXT NOT NULL UNIQUE,  -- series instance UID, or the file or folder that stands for it
    first_scored TEXT NOT NULL,   -- UTC, ISO 8601
    -- these facts are of the slice that came first
{_lines(OF_A_SERIES)}
    scan_date TEXT,           -- of (0008,002A), (0008,0022) or (0008,0020), ISO 8601; or NULL
    scan_time TEXT,           -- time of day, (0008,002A) or (0008,0032)
    station TEXT,             -- (0008,1010)
    patients INTEGER NOT NULL,  -- number of patients that its slices named while a monitor ran
    warnings TEXT NOT NULL    -- JSON list: of the series as a whole
);
CREATE TABLE slices (
    sha256 TEXT NOT NULL,     -- of the content of the file
    frame INTEGER NOT NULL,   -- index inside the file, from 0
    series_id INTEGER NOT NULL REFERENCES series (id),
{_lines(OF_A_SLICE)}
    warnings TEXT NOT NULL,   -- JSON list
    scored TEXT NOT NULL,     -- UTC, ISO 8601
    superseded INTEGER NOT NULL DEFAULT 0,  -- 1: an earlier content of a file that has changed
    study_uid TEXT,
    event_uids TEXT,          -- JSON list: irradiation events that the slice was made from
    ctdi_phantom_cm INTEGER,  -- diameter of the phantom of ctdivol_mgy. Unit: cm.
    awaits_dose INTEGER NOT NULL DEFAULT 0,  -- 1: a dose report may give SSDE, or take it back
    PRIMARY KEY (sha256, frame)
);
CREATE INDEX slices_of_series ON slices (series_id);
CREATE INDEX slices_of_study ON slices (study_uid);
{_ALARMS}{_DOSE_EVENTS}"""

VIEW = """
CREATE VIEW series_means AS   -- one row a series, of the slices that are not superseded
SELECT series.*,
    count(*) AS slices,
    sum(slices.outside) AS outside,
    avg(CASE WHEN counts THEN slices.score END) AS score,
    avg(CASE WHEN counts THEN slices.noise_hu END) AS noise_hu,
    CASE WHEN sum(counts) = count(CASE WHEN counts THEN slices.interval_low END)
        THEN avg(CASE WHEN counts THEN slices.interval_low END) END AS interval_low,
    CASE WHEN sum(counts) = count(CASE WHEN counts THEN slices.interval_high END)
        THEN avg(CASE WHEN counts THEN slices.interval_high END) END AS interval_high,
    sum(counts) AS counted,
    avg(CASE WHEN counts THEN slices.processed END) AS processed,
    CASE WHEN count(slices.processed) THEN sum(slices.counts_as_processed) END AS processed_slices,
    avg(CASE WHEN counts THEN slices.mtf50_per_mm END) AS mtf50_per_mm,
    avg(CASE WHEN counts THEN slices.dw_mm END) AS dw_mm,
    avg(CASE WHEN counts THEN slices.ctdivol_mgy END) AS ctdivol_mgy,
    avg(CASE WHEN counts THEN slices.ssde_mgy END) AS ssde_mgy
FROM series JOIN (
    -- slices out of domain do not count, unless all of the series are; those that show no
    -- patient count only where the series has no others
    SELECT *, outside + empty = min(outside + empty) OVER (PARTITION BY series_id) AS counts
    FROM slices WHERE NOT superseded
) AS slices ON slices.series_id = series.id
GROUP BY series.id ORDER BY series.id;
"""

# Version 1 marks slices without a patient only by their warning.
_FROM_1 = """
ALTER TABLE slices ADD COLUMN empty INTEGER NOT NULL DEFAULT 0;
ALTER TABLE slices ADD COLUMN slice_thickness_mm REAL;
UPDATE slices SET empty = 1 WHERE warnings LIKE '%; scored worst"%';
"""

# Databases of version 2 hold scores of models that give no probability of processing.
_FROM_2 = """
ALTER TABLE slices ADD COLUMN processed REAL;
ALTER TABLE slices ADD COLUMN counts_as_processed INTEGER NOT NULL DEFAULT 0;
"""

# Version 3 has neither when and where a series was scanned nor measures beside the score.
_FROM_3 = f"""
ALTER TABLE series ADD COLUMN scan_date TEXT;
ALTER TABLE series ADD COLUMN scan_time TEXT;
ALTER TABLE series ADD COLUMN station TEXT;
ALTER TABLE slices ADD COLUMN mtf50_per_mm REAL;
ALTER TABLE slices ADD COLUMN dw_mm REAL;
ALTER TABLE slices ADD COLUMN ctdivol_mgy REAL;
ALTER TABLE slices ADD COLUMN ssde_mgy REAL;
{_ALARMS}"""

# Version 4 has no dose reports.
_FROM_4 = f"""
ALTER TABLE slices ADD COLUMN study_uid TEXT;
ALTER TABLE slices ADD COLUMN event_uids TEXT;
ALTER TABLE slices ADD COLUMN ctdi_phantom_cm INTEGER;
ALTER TABLE slices ADD COLUMN awaits_dose INTEGER NOT NULL DEFAULT 0;
CREATE INDEX slices_of_study ON slices (study_uid);
{_DOSE_EVENTS}"""

_STEPS = (_FROM_1, _FROM_2, _FROM_3, _FROM_4)
CHANGES = {version: " ".join(_STEPS[version - 1 :]) for version in range(1, VERSION)}

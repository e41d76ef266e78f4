from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev

import pytest
from tests.support.made import SECRETS, with_facts
from tests.support.sized import sized_series

from distiliqa.ct import Acquisition
from distiliqa.report import mean_columns
from distiliqa.report.column import Column
from distiliqa.report.names import short_hash
from distiliqa.report.series_csv import IDENTIFYING, write_series_csv
from distiliqa.scoring.result import ScoringRun


def rows_of(run: ScoringRun, path: Path, *, identify: bool = False) -> list[dict[str, str]]:
    write_series_csv(path, run, identify=identify)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_series_has_mean_tenth_and_worst_score(run: ScoringRun, tmp_path: Path):
    alone, thorax = rows_of(run, tmp_path / "s.csv")
    scores = [slice_.score for slice_ in run.series[1].slices]
    assert (thorax["slices"], thorax["counted"]) == ("3", "3")
    assert float(thorax["score_mean"]) == pytest.approx(fmean(scores), abs=1e-6)
    assert float(thorax["score_sd"]) == pytest.approx(stdev(scores), abs=1e-6)
    assert float(thorax["score_worst"]) == pytest.approx(min(scores), abs=1e-6)
    assert thorax["score_p10"] == thorax["score_worst"]  # one of three slices is more than a tenth
    assert (alone["score_p10"], alone["score_sd"], alone["noise_hu_sd"]) == ("", "", "")
    assert "one slice only" in alone["warnings"]


def test_a_dose_has_a_mean_and_a_setting_is_itself(run: ScoringRun, tmp_path: Path):
    doses = (4.0, 6.0, 8.0)
    made = [Acquisition(kvp=120, kernel="B30f", ctdivol_mgy=dose, pitch=0.9) for dose in doses]
    made[2] = replace(made[2], pitch=1.2)
    changed = zip(run.slices[1:], made, strict=True)
    slices = tuple(with_facts(slice_, acquisition=facts) for slice_, facts in changed)
    _, thorax = rows_of(replace(run, slices=(run.slices[0], *slices)), tmp_path / "s.csv")
    assert (thorax["ctdivol_mgy"], thorax["ctdivol_mgy_sd"]) == ("6.0", "2.0")
    assert (thorax["kvp"], thorax["kernel"], thorax["pitch"]) == ("120", "B30f", "")
    assert "kvp_sd" not in thorax


def test_a_spreadsheet_plots_noise_against_size(run: ScoringRun, tmp_path: Path):
    # The SHA-256 of this UID begins with eight decimal digits.
    uid = next(uid for uid in map(str, range(10**6)) if short_hash(uid).isdecimal())
    large = sized_series(1, dw_mm=351.5, noise_hu=21.25)
    digits = sized_series(2, dw_mm=290.0, noise_hu=9.5)
    slices = (large.slices[0], with_facts(digits.slices[0], series=uid))
    rows = rows_of(replace(run, slices=slices), tmp_path / "s.csv")
    assert [(row["dw_mm"], row["noise_hu"]) for row in rows] == [
        ("351.5", "21.25"),
        ("290.0", "9.5"),
    ]
    assert not any(row["name"].isdecimal() for row in rows)
    assert (tmp_path / "s.csv").read_bytes().count(b"\r\n") == 3


def test_a_new_column_of_a_slice_is_there_by_itself(
    run: ScoringRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    new = Column("rows_px", "px", 0, "Number.", lambda slice_: float(slice_.number), term="Rows")
    monkeypatch.setattr(mean_columns, "MEASURES", (*mean_columns.MEASURES, new))
    row = rows_of(run, tmp_path / "s.csv")[1]
    assert list(row)[-2:] == ["rows_px", "rows_px_sd"]
    assert (row["rows_px"], row["rows_px_sd"]) == ("2.0", "1.0")


def test_nobody_is_named_unless_asked(named: ScoringRun, tmp_path: Path):
    path = tmp_path / "s.csv"
    (first, _), written = rows_of(named, path), path.read_text()
    assert first["name"].startswith("series 4, 10:22:31, ")
    assert (first["series_number"], first["scan_time"]) == ("4", "10:22:31")
    identifying = {column.name for column in IDENTIFYING}
    assert not identifying & first.keys()
    secrets = (SECRETS.study_date, "Liver", "Jane", SECRETS.station, SECRETS.accession_number)
    assert not [secret for secret in (*secrets, named.slices[0].series) if str(secret) in written]


def test_the_scan_is_named_when_asked(named: ScoringRun, tmp_path: Path):
    first, _ = rows_of(named, tmp_path / "s.csv", identify=True)
    assert {name: first[name] for name in ("study_date", "station", "accession_number")} == {
        "study_date": "2019-02-03",
        "station": "CT-ROOM-9",
        "accession_number": "ACC77",
    }
    assert first["protocol_name"] == "'=Liver"  # no formula of a spreadsheet
    assert first["series"] == named.slices[0].series


def test_metrics_have_columns_where_a_reference_was_given(
    run: ScoringRun, compared: ScoringRun, tmp_path: Path
):
    assert "ssim" not in rows_of(run, tmp_path / "s.csv")[0]
    _, thorax = rows_of(compared, tmp_path / "s.csv")
    assert (thorax["ssim"], thorax["psnr"]) == ("0.75", "20.0")


def test_of_settings_that_differ_a_number_is_empty_and_a_text_lists_its_values(
    run: ScoringRun, tmp_path: Path
):
    first, second = (
        with_facts(run.slices[0], acquisition=Acquisition(kvp=kvp, kernel=kernel))
        for kvp, kernel in ((80.0, "B30f"), (120.0, "B70f"))
    )
    (row,) = rows_of(replace(run, slices=(first, second)), tmp_path / "s.csv")
    assert (row["kvp"], row["kernel"]) == ("", "mixed: B30f, B70f")

"""What `score` has beside the score: doses, levels, a reference, measures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.command_line import rows
from tests.support.dose_reports import STUDY, dose_event, write_dose_report
from tests.support.slices import write_ct
from tools.phantom.blurred_body import body
from typer.testing import Result

Write = Callable[..., Path]


def dlp_of(out: Path) -> list[str]:
    with (out / "series.csv").open(newline="") as file:
        return [row["dlp_mgy_cm"] for row in csv.DictReader(file)]


def test_a_dose_report_is_joined_wherever_it_lies(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in", IrradiationEventUID="1.2.3.4")
    beside = write_dose_report(folder / "rdsr.dcm", dose_event(), dose_event("1.2.3.5"))
    done = score(folder, "--out", tmp_path / "a", "--rdsr", beside)
    assert done.exit_code == 0, done.stderr
    assert dlp_of(tmp_path / "a") == ["420.0"]
    assert done.stderr.splitlines()[-1].startswith(
        f"dose event without a series: {beside}, event 2 (Spiral Acquisition, Chest, "
    )
    elsewhere = beside.rename(tmp_path / "rdsr.dcm")
    assert score(folder, "--out", tmp_path / "b").exit_code == 0
    assert dlp_of(tmp_path / "b") == [""]
    assert score(folder, "--out", tmp_path / "b", "--rdsr", elsewhere).exit_code == 0
    assert dlp_of(tmp_path / "b") == ["420.0"]


def test_dose_reports_that_disagree_or_are_of_another_study_give_no_dose(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in", IrradiationEventUID="1.2.3.4")
    first = write_dose_report(tmp_path / "a.dcm", dose_event())
    second = write_dose_report(tmp_path / "b.dcm", dose_event(dlp=430.0))
    done = score(folder, "--out", tmp_path / "out", "--rdsr", first, "--rdsr", second)
    assert done.exit_code == 0
    assert dlp_of(tmp_path / "out") == [""]
    for report in (first, second):
        assert f"{report}, event 1" in done.stderr
    assert done.stderr.count("disagree on DLP, 420.0 and 430.0: not used") == 2
    other = write_dose_report(tmp_path / "c.dcm", dose_event(), StudyInstanceUID=f"{STUDY}.5")
    done = score(folder, "--out", tmp_path / "out", "--rdsr", other)
    assert "no slices of its study were given" in done.stderr
    assert dlp_of(tmp_path / "out") == [""]


def test_a_file_that_is_no_dose_report_is_refused_before_scoring(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in", 1)
    done = score(folder, "--rdsr", folder / "0.dcm")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {folder / '0.dcm'}: not a radiation dose report")


def tables(folder: Path, high: float) -> tuple[str, str, str, str]:
    """Options with rules and levels: noise up to ``high`` for an abdomen."""
    (folder / "rules.csv").write_text("standard_name,body_part\nabdomen,^abdomen$\n")
    levels = f"standard_name,measure,low,high\nabdomen,noise_hu,,{high}\n"
    (folder / "levels.csv").write_text(levels)
    return "--protocols", f"{folder / 'rules.csv'}", "--levels", f"{folder / 'levels.csv'}"


def test_check_ends_with_3_unless_all_series_are_in_range(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in", 1)
    done = score(folder, *tables(tmp_path, 1000), "--check", "--quiet")
    assert (done.exit_code, done.stderr) == (0, "levels: 1 of 1 series in range\n")
    too_low = tables(tmp_path, 1)
    assert score(folder, *too_low).exit_code == 0
    done = score(folder, *too_low, "--check", "--out", tmp_path / "out")
    assert done.exit_code == 3
    assert done.stderr.splitlines()[-2:] == [
        "not in range: 0.dcm: noise above",
        "levels: 0 of 1 series in range",
    ]
    write_series(tmp_path / "in" / "head", 1, SeriesInstanceUID="1.2.9", BodyPartExamined="HEAD")
    done = score(folder, *tables(tmp_path, 1000), "--check")
    assert done.exit_code == 3
    assert "no levels" in done.stderr
    assert "no standard name: 1 series: body_part HEAD, kernel B30f" in done.stderr
    (tmp_path / "in" / "bad.dcm").write_text("no DICOM")
    assert score(folder, *tables(tmp_path, 1), "--check").exit_code == 1


@pytest.mark.parametrize("option", ["--levels", "--check"])
def test_levels_need_rules_and_a_check_needs_levels(
    tmp_path: Path, score: Callable[..., Result], write_series: Write, option: str
):
    _, _, *levels = tables(tmp_path, 1)
    done = score(write_series(tmp_path / "in", 1), *(levels if option == "--levels" else [option]))
    assert done.exit_code == 2


def test_a_faulty_rule_is_refused_before_scoring(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    (tmp_path / "rules.csv").write_text("standard_name,kernel\nsoft,B(30\n")
    done = score(write_series(tmp_path / "in", 1), "--protocols", tmp_path / "rules.csv")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {tmp_path / 'rules.csv'}: line 2, kernel: 'B(30' is no")
    assert done.stderr.count("\n") == 1


def test_a_reference_adds_columns(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in")
    done = score(folder, "--reference", folder, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "Means against the reference" in done.stdout
    assert [row["ssim"] for row in rows(tmp_path / "out")] == ["1.0"] * 3
    done = score(folder, "--reference", tmp_path / "missing", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert done.stderr == f"error: {tmp_path / 'missing'}: no such file or folder; check the path\n"


@pytest.mark.parametrize("measures", ["none", "basic", "all"])
def test_measures_are_none_of_slices_or_of_series_too(
    tmp_path: Path, score: Callable[..., Result], measures: str
):
    hu = body(pixel_mm=0.7, size=256, noise_hu=12)
    slice_ = write_ct(tmp_path / "in" / "a.dcm", hu)
    options = () if measures == "basic" else ("--measures", measures)
    done = score(slice_, "--out", tmp_path / "out", *options)
    assert done.exit_code == 0, done.stderr
    (row,) = rows(tmp_path / "out")
    assert (row["mtf50_per_mm"] == "") == (measures == "none")
    (series,) = json.loads((tmp_path / "out" / "scores.json").read_text())["series"]
    assert (series["pooled"] is not None) == (measures == "all")
    header = (tmp_path / "out" / "series.csv").read_text().splitlines()[0]
    assert ("pooled_dprime" in header) == (measures == "all")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["settings"]["measures"] == measures

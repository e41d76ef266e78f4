from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.disks import fail_for, full_disk
from tests.support.made import with_facts

from distiliqa.errors import DistiliqaError
from distiliqa.report import check_folder, report
from distiliqa.report.json import print_json
from distiliqa.scoring.result import ScoringRun


def test_five_files_are_written(run: ScoringRun, tmp_path: Path):
    report(run, tmp_path / "new" / "out")
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == [
        "report.html",
        "run.json",
        "scores.csv",
        "scores.json",
        "series.csv",
    ]


def test_a_file_name_that_is_not_utf_8_is_written(run: ScoringRun, tmp_path: Path):
    odd = with_facts(run.slices[0], path="sch\udce4del.dcm")
    report(replace(run, slices=(odd,)), tmp_path)
    record = json.loads((tmp_path / "scores.json").read_text())
    assert record["series"][0]["slices"][0]["path"] == odd.path
    assert "sch\\udce4del.dcm" in (tmp_path / "scores.csv").read_text(encoding="utf-8")


def test_a_full_disk_is_reported_and_leaves_nothing_half_written(
    run: ScoringRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(DistiliqaError, match=r"scores\.csv: cannot be written .*free some space"):
        report(run, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_reported_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    check_folder(tmp_path / "new")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DistiliqaError, match="choose an output folder you may write to"):
        check_folder(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_reported(tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DistiliqaError, match="choose an output folder that is not a file"):
        check_folder(tmp_path / "out")


def test_json_on_the_screen_is_that_of_the_file(
    run: ScoringRun, tmp_path: Path, capsys: pytest.CaptureFixture
):
    report(run, tmp_path)
    print_json(run)
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "scores.json").read_text())


def test_a_page_that_cannot_be_written_costs_itself_alone(
    run: ScoringRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fail_for(monkeypatch, "report.html")
    with pytest.raises(DistiliqaError, match=r"report\.html: cannot be written"):
        report(run, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "run.json",
        "scores.csv",
        "scores.json",
        "series.csv",
    }

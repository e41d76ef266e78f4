"""``distiliqa score --dicomweb`` where a server gives less than there is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from tests.support.command_line import invoke
from tests.support.dose_reports import dose_event, write_dose_report
from tests.support.fake_pacs import FakePacs, uid_of

STUDY = "1.2.826.0.1.3680043.8.498.1"


def command(pacs: FakePacs, model: Path, *more: object) -> list[str]:
    options = ["--dicomweb", pacs.url, "--study", STUDY, "--model", model, *more]
    return [sys.executable, "-m", "distiliqa", "score", *map(str, options)]


def score(pacs: FakePacs, model: Path, out: Path) -> subprocess.CompletedProcess[str]:
    options = command(pacs, model, "--out", out, "--sr")
    return subprocess.run(options, capture_output=True, text=True, timeout=180)


def completion(out: Path) -> str:
    (report,) = (out / "sr").glob("*.dcm")
    return str(pydicom.dcmread(report).CompletionFlag)


def test_a_whole_series_is_complete(fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path):
    fake_pacs.cap = 3
    done = score(fake_pacs, tiny_model, tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert completion(tmp_path / "out") == "COMPLETE"


def test_localizers_of_the_study_change_no_exit_status(
    fake_pacs: FakePacs, scouts: list[Path], tiny_model: Path
):
    fake_pacs.series["1.2.5"] = scouts
    done = invoke(*command(fake_pacs, tiny_model)[3:])
    assert done.exit_code == 0
    place = f"{fake_pacs.url}/studies/{STUDY}/series/1.2.5"
    assert done.stderr.startswith(f"left out: {place}: no CT slice that can be read (")


def test_the_dose_of_the_dose_report_is_that_of_the_series(
    fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path
):
    for path in fake_pacs.series["1.2.4"]:
        dataset = pydicom.dcmread(path)
        dataset.IrradiationEventUID = "1.2.3.4"
        dataset.save_as(path)
    fake_pacs.reports = [write_dose_report(tmp_path / "dose.dcm", dose_event("1.2.3.4"))]
    done = invoke(*command(fake_pacs, tiny_model, "--out", tmp_path / "out")[3:])
    assert (done.exit_code, done.stderr) == (0, "")
    (series,) = json.loads((tmp_path / "out" / "scores.json").read_text())["series"]
    assert series["dose"]["event"]["dlp_mgy_cm"] == 420.0


def test_a_dose_report_that_does_not_come_fails_nothing(
    fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path
):
    fake_pacs.finds_reports = False
    done = invoke(*command(fake_pacs, tiny_model)[3:])
    assert done.exit_code == 0
    assert done.stderr.startswith(
        f"left out: {fake_pacs.url}/studies/{STUDY}: no dose report was found: answers 404"
    )


def test_a_list_that_is_capped_gives_a_partial_report(
    fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path
):
    fake_pacs.cap, fake_pacs.pages, fake_pacs.warns = 3, False, True
    done = score(fake_pacs, tiny_model, tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr == (
        f"failed: {fake_pacs.url}/studies/{STUDY}/series/1.2.4: "
        "the server lists 3 of 4 that it has; raise its limit\n"
    )
    assert completion(tmp_path / "out") == "PARTIAL"


def test_an_object_that_does_not_come_is_named_and_the_rest_is_scored(
    fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path
):
    lost = uid_of(fake_pacs.series["1.2.4"][1])
    fake_pacs.lost[lost] = 404
    out = tmp_path / "out"
    done = score(fake_pacs, tiny_model, out)
    assert done.returncode == 1
    place = f"{fake_pacs.url}/studies/{STUDY}/series/1.2.4/instances/{lost}"
    assert done.stderr.startswith(f"failed: {place}: answers 404 (Not Found)")
    assert completion(out) == "PARTIAL"
    (problem,) = json.loads((out / "scores.json").read_text())["failed"]
    assert problem["path"] == place


def test_nothing_that_comes_is_an_error(fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path):
    fake_pacs.lost = dict.fromkeys(map(uid_of, fake_pacs.series["1.2.4"]), 404)
    done = score(fake_pacs, tiny_model, tmp_path / "out")
    assert done.returncode == 2
    assert "none of 4 files or slices could be scored" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no such signal")
def test_a_signal_while_images_come_leaves_none_of_them(
    fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path
):
    fake_pacs.silent = uid_of(fake_pacs.series["1.2.4"][2])
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        command(fake_pacs, tiny_model),
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert fake_pacs.is_silent.wait(120)
    assert len(list((tmp_path / "tmp").rglob("*.dcm"))) == 2
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130, "interrupted\n")
    assert list((tmp_path / "tmp").rglob("*")) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot ask whether a process runs")
def test_the_images_that_a_killed_run_left_go_with_the_next(
    fake_pacs: FakePacs, tiny_model: Path, tmp_path: Path
):
    fake_pacs.silent = uid_of(fake_pacs.series["1.2.4"][2])
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen(command(fake_pacs, tiny_model), env=environment) as process:
        assert fake_pacs.is_silent.wait(120)
        process.kill()
    assert len(list((tmp_path / "tmp").rglob("*.dcm"))) == 2
    fake_pacs.silent = ""
    done = subprocess.run(
        command(fake_pacs, tiny_model), env=environment, capture_output=True, timeout=180
    )
    assert done.returncode == 0
    assert list((tmp_path / "tmp").rglob("*")) == []

"""``distiliqa score --dicomweb`` and ``distiliqa listen`` against a real Orthanc."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage
from pynetdicom import AE
from tests.support.orthanc import PASSWORD, USER, Orthanc, free_port, running_orthanc, wait_for
from typer.testing import CliRunner

from distiliqa.cli import app
from distiliqa.folder_lock import only_one
from distiliqa.pacs.dicomweb.credentials import PASSWORD as PASSWORD_VARIABLE
from distiliqa.pacs.dicomweb.credentials import USER as USER_VARIABLE
from distiliqa.pacs.results.earlier_reports import read_scores
from distiliqa.report.names import short_hash

ENVIRONMENT = os.environ | {USER_VARIABLE: USER, PASSWORD_VARIABLE: PASSWORD}


@pytest.fixture
def study(orthanc: Orthanc, example: Path) -> pydicom.Dataset:
    """The header of the example series, which Orthanc has."""
    orthanc.push(example)
    return pydicom.dcmread(next(example.glob("*.dcm")), stop_before_pixels=True)


def run(*args: object, env: dict[str, str] = ENVIRONMENT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "distiliqa", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=180)


def scores_in(report: bytes, tmp_path: Path) -> dict[str, float]:
    path = tmp_path / "report.dcm"
    path.write_bytes(report)
    return {score.sop_uid: score.score for score in read_scores(path)}


def test_a_study_is_scored_and_its_report_is_found_on_the_server(
    orthanc: Orthanc, study: pydicom.Dataset, tiny_model: Path, tmp_path: Path
):
    uid, out = study.StudyInstanceUID, tmp_path / "out"
    options = ["--dicomweb", orthanc.url, "--study", uid, "--model", tiny_model, "--out", out]
    done = run("score", *options, "--store", "--series", study.SeriesInstanceUID)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    record = json.loads((out / "run.json").read_text())
    assert record["settings"]["inputs"] == [f"{orthanc.url}/studies/{uid}"]
    with (out / "scores.csv").open(newline="") as file:
        scored = {row["path"]: float(row["score"]) for row in csv.DictReader(file)}
    series = f"{orthanc.url}/studies/{uid}/series/{study.SeriesInstanceUID}"
    (report,) = orthanc.reports()
    stored = scores_in(report, tmp_path).items()
    filed = {f"{series}/instances/{image}": score for image, score in stored}
    assert filed == pytest.approx(scored, abs=1e-5)
    assert record["sha256"].keys() == scored.keys()
    assert json.loads((out / "scores.json").read_text())["series"][0]["slices"][0]["sha256"]
    assert pydicom.dcmread(BytesIO(report)).StudyInstanceUID == uid
    everything = done.stdout + done.stderr + (out / "run.json").read_text()
    assert PASSWORD not in everything


def test_no_file_names_the_temporary_folder(
    orthanc: Orthanc, write_series: Callable[..., Path], tiny_model: Path, tmp_path: Path
):
    damaged = write_series(tmp_path / "in", 3) / "1.dcm"
    header = pydicom.dcmread(damaged)
    header.PixelData = header.PixelData[:-100]
    header.save_as(damaged)
    orthanc.push(tmp_path / "in")
    study = header.StudyInstanceUID
    options = ["--dicomweb", orthanc.url, "--study", study, "--model", tiny_model]
    done = run("score", *options, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    image = f"series/{header.SeriesInstanceUID}/instances/{header.SOPInstanceUID}"
    assert done.stderr.startswith(f"failed: {orthanc.url}/studies/{study}/{image}: ")
    written = [path.read_text() for path in (tmp_path / "out").iterdir() if path.is_file()]
    assert [text for text in (done.stdout, done.stderr, *written) if "distiliqa-" in text] == []


def test_no_report_of_an_earlier_run_is_sent_for_a_series_of_two_patients(
    orthanc: Orthanc, write_series: Callable[..., Path], tiny_model: Path, tmp_path: Path
):
    for n, series in enumerate(("1.2.4", "1.2.4", "1.2.5")):
        folder = tmp_path / f"in{n}"
        orthanc.push(write_series(folder, 2, SeriesInstanceUID=series, PatientID=f"P{n}"))
    study = pydicom.dcmread(folder / "0.dcm").StudyInstanceUID
    stale = tmp_path / "out" / "sr" / f"{short_hash('1.2.4')}.dcm"
    stale.parent.mkdir(parents=True)
    shutil.copy(folder / "0.dcm", stale)
    options = ["--dicomweb", orthanc.url, "--study", study, "--model", tiny_model]
    done = run("score", *options, "--out", tmp_path / "out", "--store")
    assert done.returncode == 1, done.stderr
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["not written"]
    assert "of another patient than" in done.stderr
    assert not stale.exists()
    (report,) = orthanc.reports()
    assert pydicom.dcmread(BytesIO(report)).PatientID == "P2"


def test_a_wrong_password_is_one_line(orthanc: Orthanc, tmp_path: Path):
    secret = tmp_path / "credentials.ini"
    secret.write_text(f"[dicomweb]\nuser = {USER}\npassword = hunter2\n")
    secret.chmod(0o600)
    options = ["--dicomweb", orthanc.url, "--study", "1.2.3", "--credentials", secret]
    done = run("score", *options)
    assert done.returncode == 2
    (error,) = done.stderr.splitlines()
    assert error.startswith(f"error: {orthanc.url}: answers 401 (Unauthorized); give user and")
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--dicomweb", "http://pacs"],
        ["--study", "1.2"],
        ["folder", "--store", "--out", "x"],
        ["folder", "--dicomweb", "http://pacs", "--study", "1.2"],
        ["--dicomweb", "http://pacs", "--study", "1.2", "--store"],
        ["--dicomweb", "http://u:hunter2@pacs", "--study", "1.2"],
    ],
)
def test_wrong_usage_is_2(options: list[str], tmp_path: Path):
    done = CliRunner().invoke(app, ["score", *options])
    assert done.exit_code == 2
    assert "hunter2" not in done.output


class Listener:
    """``distiliqa listen`` as a process of its own."""

    def __init__(self, out: Path, model: Path) -> None:
        self.out, self.model = out, model
        self.port = free_port()
        self.log = out.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: object, quiet_s: float = 5.0) -> None:
        fixed = ["--out", self.out, "--port", self.port, "--model", self.model]
        command = ["listen", *fixed, "--quiet-time", quiet_s, *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "distiliqa", *map(str, command)],
                stderr=log,
                stdout=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
        starts = self.said().count("listening as")
        wait_for(lambda: self.said().count("listening as") > starts, "listener")

    def said(self) -> str:
        return self.log.read_text()

    def stop(self, how: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def receive(self, folder: Path) -> None:
        """Send all in one association, so that no quiet time passes in between."""
        images = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
        scanner = AE()
        scanner.add_requested_context(CTImageStorage, images[0].file_meta.TransferSyntaxUID)
        sent = scanner.associate("127.0.0.1", self.port, ae_title="DISTILIQA")
        assert [sent.send_c_store(image).get("Status") for image in images] == [0] * len(images)
        sent.release()

    def waiting(self) -> list[Path]:
        return list((self.out / "outbox").glob("*.dcm"))


@pytest.fixture
def listener(tmp_path: Path, tiny_model: Path) -> Iterator[Listener]:
    listener = Listener(tmp_path / "listener", tiny_model)
    yield listener
    if listener.process is not None and listener.process.poll() is None:
        listener.stop()


def to(orthanc: Orthanc, how: str) -> list[str]:
    if how == "STOW-RS":
        return ["--dicomweb", orthanc.url]
    return ["--send", f"ORTHANC@127.0.0.1:{orthanc.dicom_port}"]


@pytest.mark.parametrize("how", ["C-STORE", "STOW-RS"])
def test_a_series_that_is_sent_comes_back_as_a_report(
    orthanc: Orthanc, listener: Listener, example: Path, how: str
):
    listener.start(*to(orthanc, how))
    listener.receive(example)
    wait_for(orthanc.reports, "report")
    wait_for(lambda: not listener.waiting(), "empty outbox")
    series = pydicom.dcmread(next(example.glob("*.dcm"))).SeriesInstanceUID
    results = listener.out / "results" / short_hash(series)
    assert (results / "report.html").exists()
    wait_for(lambda: not any((listener.out / "queue" / "complete").iterdir()), "empty queue")
    assert listener.stop(signal.SIGTERM) == 0
    assert listener.said().splitlines()[-1].startswith("stopped")
    assert PASSWORD not in listener.said()


def test_a_crash_before_scoring_loses_nothing(orthanc: Orthanc, listener: Listener, example: Path):
    listener.start(*to(orthanc, "C-STORE"), quiet_s=600)
    listener.receive(example)
    listener.stop()
    assert orthanc.reports() == []
    listener.start(*to(orthanc, "C-STORE"))
    assert len(wait_for(orthanc.reports, "report")) == 1


def test_a_crash_while_the_server_is_away_loses_nothing(
    needs_orthanc: None, listener: Listener, example: Path, tmp_path: Path
):
    server = Orthanc(free_port(), free_port())
    listener.start(*to(server, "STOW-RS"))
    listener.receive(example)
    wait_for(lambda: "not sent" in listener.said(), "attempt to send")
    listener.stop()
    assert len(listener.waiting()) == 1
    with running_orthanc(tmp_path / "late", server.http_port, server.dicom_port):
        listener.start(*to(server, "STOW-RS"))
        assert len(wait_for(server.reports, "report")) == 1


def test_a_server_that_comes_late_gets_its_reports(
    needs_orthanc: None, listener: Listener, example: Path, tmp_path: Path
):
    server = Orthanc(free_port(), free_port())
    listener.start(*to(server, "C-STORE"))
    listener.receive(example)
    wait_for(lambda: "not sent, again in" in listener.said(), "attempt to send")
    with running_orthanc(tmp_path / "late", server.http_port, server.dicom_port):
        assert len(wait_for(server.reports, "report")) == 1
        wait_for(lambda: not listener.waiting(), "empty outbox")


def test_the_log_names_no_patient(
    listener: Listener, write_series: Callable[..., Path], tmp_path: Path
):
    odd = {"PatientName": "Doe^Jane", "PatientID": "Doe^4711", "StudyDate": "Doe^1970"}
    listener.start()
    with pytest.warns(UserWarning, match="Doe"):  # which the listener must not repeat
        folder = write_series(tmp_path / "in", 2, **odd)
    listener.receive(folder)
    wait_for(lambda: "scored 2 of 2" in listener.said(), "scores")
    assert listener.stop(signal.SIGINT) == 0
    assert "Doe" not in listener.said()
    assert "Traceback" not in listener.said()


def test_a_second_listener_is_refused(tmp_path: Path):
    with only_one(tmp_path, "listener"):
        done = run("listen", "--out", tmp_path, "--port", free_port())
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path}: another listener writes here")


@pytest.mark.parametrize(
    "options",
    [
        ["--send", "PACS"],
        ["--send", "PACS@host:104", "--dicomweb", "http://pacs"],
        ["--aet", "A" * 17],
        ["--dicomweb", "http://u:hunter2@pacs"],
    ],
)
def test_wrong_usage_of_listen_is_2(options: list[str], tmp_path: Path):
    done = CliRunner().invoke(app, ["listen", "--out", str(tmp_path), *options])
    assert done.exit_code == 2
    assert "hunter2" not in done.output

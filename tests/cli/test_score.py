from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import rows
from tests.support.disks import fail_for, full_disk
from typer.testing import Result

from distiliqa.errors import ModelFolderError
from distiliqa.scoring.model import Model

Write = Callable[..., Path]


def test_all_scored_is_0(tmp_path: Path, score: Callable[..., Result], write_series: Write):
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out")
    assert done.exit_code == 0, done.stderr
    assert "mean of 3" in done.stdout
    assert done.stderr == ""
    assert [Path(row["path"]).name for row in rows(tmp_path / "out")] == ["2.dcm", "1.dcm", "0.dcm"]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["slices"] == {"found": 3, "scored": 3}


def test_the_report_names_files_only_when_asked(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in" / "DOE JANE", 1)
    assert score(folder, "--out", tmp_path / "out").exit_code == 0
    assert "DOE JANE" not in (tmp_path / "out" / "report.html").read_text()
    assert score(folder, "--out", tmp_path / "out", "--identify").exit_code == 0
    assert "DOE JANE" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(("options", "counted"), [((), 2), (("--count-outside",), 3)])
def test_slices_out_of_domain_count_only_when_asked(
    tmp_path: Path,
    score: Callable[..., Result],
    write_series: Write,
    write_ct: Write,
    options: tuple[str, ...],
    counted: int,
):
    """A slice of air has the lowest score, 0."""
    folder, out = write_series(tmp_path / "in", 2), tmp_path / "out"
    write_ct(folder / "air.dcm", np.full((64, 64), -1000), ImagePositionPatient=[0, 0, 9])
    done = score(folder, "--out", out, *options)
    assert done.exit_code == 0, done.stderr
    scores = [float(row["score"]) for row in rows(out)]
    assert scores.count(0.0) == 1
    with (out / "series.csv").open(newline="") as file:
        (series,) = csv.DictReader(file)
    assert float(series["score_mean"]) == pytest.approx(sum(scores) / counted, abs=1e-3)


def test_a_folder_of_another_patient_holds_nothing_of_them_afterwards(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    pytest.importorskip("reportlab")
    first, second = (
        write_series(tmp_path / uid, 1, SeriesInstanceUID=uid) for uid in ("1.1", "1.2")
    )
    out = tmp_path / "out"
    options = ("--pdf", "--sr", "--heatmaps", "png", "--heatmaps", "dicom")
    done = score(first, "--out", out, *options, model=Path("compact"))
    assert done.exit_code == 0, done.stderr
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert {path.partition("/")[0] for path in written} >= {"report.pdf", "sr", "heatmaps"}
    (out / "sr" / "mine.dcm").write_text("of the user")
    assert score(second, "--out", out).exit_code == 0
    left = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert left == {
        "report.html",
        "scores.csv",
        "series.csv",
        "scores.json",
        "run.json",
        "sr/mine.dcm",
    }
    assert score(second, "--out", out, "--sr").exit_code == 0
    assert len(list((out / "sr").iterdir())) == 2


def test_a_record_of_something_else_is_refused_before_scoring(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    (tmp_path / "run.json").write_text("{}")
    done = score(write_series(tmp_path / "in", 1), "--out", tmp_path)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "give another --out" in done.stderr


def test_some_failed_is_1_and_the_rest_is_scored(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in")
    (folder / "1.dcm").write_bytes(b"no DICOM")
    done = score(folder, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"failed: {folder / '1.dcm'}: ")
    assert done.stderr.count("\n") == 1
    assert len(rows(tmp_path / "out")) == 2
    (error,) = json.loads((tmp_path / "out" / "run.json").read_text())["errors"]
    assert error["path"] == str(folder / "1.dcm")


def test_what_is_not_ct_is_reported_but_no_failure(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path)
    write_series(tmp_path / "mr", 1, SeriesInstanceUID="1.2.4", Modality="MR")
    for n in range(100):
        (tmp_path / f"{n}.txt").write_text("unrelated")
    done = score(folder)
    assert done.exit_code == 0
    assert "left out:" in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("what", ["missing", "empty", "text.dcm", "nothing/*.dcm"])
def test_nothing_usable_is_2_and_one_line(tmp_path: Path, score: Callable[..., Result], what: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.dcm").write_text("no DICOM")
    done = score(tmp_path / what, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {tmp_path / what}: ")
    assert done.stderr.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_many_failures_are_summed_up(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in")
    for n in range(25):
        (folder / f"bad{n}.dcm").write_text("no DICOM")
    lines = score(folder).stderr.splitlines()
    assert len(lines) == 11
    assert lines[-1].startswith("failed: 15 more")


def test_globs_files_and_folders(tmp_path: Path, score: Callable[..., Result], write_series: Write):
    write_series(tmp_path / "a")
    write_series(tmp_path / "b", SeriesInstanceUID="1.2.4")
    done = score(tmp_path / "a" / "*.dcm", tmp_path / "b" / "0.dcm", "--out", tmp_path / "out")
    assert done.exit_code == 0
    assert len(rows(tmp_path / "out")) == 4


def test_json_is_all_of_the_output(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    record = json.loads(score(write_series(tmp_path), "--json").stdout)
    assert len(record["series"][0]["slices"]) == 3
    assert record["complete"] is True


def test_quiet_prints_nothing(tmp_path: Path, score: Callable[..., Result], write_series: Write):
    done = score(write_series(tmp_path), "--quiet")
    assert (done.exit_code, done.output) == (0, "")


def test_an_altered_model_is_refused(
    tmp_path: Path, tiny_model: Path, score: Callable[..., Result], write_series: Write
):
    altered = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    with (altered / "model.onnx").open("ab") as file:
        file.write(b"\0")
    done = score(write_series(tmp_path / "in"), model=altered)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {altered / 'model.onnx'}: is not the file")


def test_an_output_that_cannot_be_written_is_reported_before_scoring(
    tmp_path: Path, score: Callable[..., Result], write_series: Write
):
    (tmp_path / "out").write_text("a file")
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {tmp_path / 'out'}: cannot be written")
    assert done.stdout == ""


def test_a_full_disk_at_the_end_does_not_lose_the_table(
    tmp_path: Path,
    score: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(Path, "replace", full_disk)
    folder = write_series(tmp_path / "in")
    (folder / "3.dcm").touch()
    done = score(folder, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "mean of 3" in done.stdout
    failed, *unwritten = done.stderr.splitlines()
    assert failed.startswith(f"failed: {folder / '3.dcm'}: ")
    names = ("scores.csv", "series.csv", "scores.json", "run.json", "report.html")
    for line, name in zip(unwritten, names, strict=True):
        assert line.startswith(f"not written: {tmp_path / 'out' / name}: cannot be written")
        assert "free some space" in line
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_that_is_too_large_costs_no_other(
    tmp_path: Path,
    score: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    fail_for(monkeypatch, "report.html")
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"not written: {tmp_path / 'out' / 'report.html'}: cannot be")
    assert len(rows(tmp_path / "out")) == 3
    assert (tmp_path / "out" / "run.json").exists()


def test_results_of_an_earlier_run_that_stay_keep_new_ones_away(
    tmp_path: Path,
    score: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    assert score(folder, "--out", out).exit_code == 0
    page = (out / "report.html").read_bytes()
    unlink = Path.unlink

    def refuse(self: Path, **options: bool) -> None:
        if self.name == "report.html":
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(self, **options)

    monkeypatch.setattr(Path, "unlink", refuse)
    done = score(folder, "--out", out)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"not written: {out / 'report.html'}: cannot be written")
    assert (out / "report.html").read_bytes() == page


# Each slice is read once a line of input allows it, says so, and takes a while.
SLOW = """
import sys, threading, time
from distiliqa.scoring import prepare
check, one_thread = prepare.check_hu, threading.Lock()
def slow(hu):
    with one_thread:  # threads that read the same line of text lose others
        sys.stdin.readline()
        print("read", flush=True)
    time.sleep(0.05)
    return check(hu)
prepare.check_hu = slow
from distiliqa.cli import main
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_ctrl_c_writes_what_was_scored(tmp_path: Path, tiny_model: Path, write_series: Write):
    folder, out = write_series(tmp_path / "in", 100), tmp_path / "out"
    command = [sys.executable, "-c", SLOW, "score", folder, "--model", tiny_model, "--out", out]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(list(map(str, command)), **pipes, text=True) as process:
        process.stdin.write(30 * "\n")
        process.stdin.flush()
        for _ in range(30):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    scored = len(rows(out))
    assert 0 < scored < 100
    assert f"stopped after {scored} of 100 slices" in errors
    assert errors.endswith("interrupted\n")
    assert "series" in output
    assert json.loads((out / "run.json").read_text())["stopped"] == "interrupted"


KINDS = {".dcm", ".IMA", ".tiff"}


def test_real_ct_of_all_formats(shared_data: Path, tmp_path: Path, score: Callable[..., Result]):
    done = score(shared_data / "ct-dev", "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    images = [path for path in (shared_data / "ct-dev").rglob("*.*") if path.suffix in KINDS]
    assert len(rows(tmp_path)) == len(images) > 20
    assert "failed" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_full_is_one_line_and_the_files_are_written(
    tmp_path: Path, tiny_model: Path, write_series: Write
):
    folder, out = write_series(tmp_path / "in"), tmp_path / "out"
    command = [sys.executable, "-m", "distiliqa", "score", folder, "--model", tiny_model]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*map(str, command), "--out", str(out)], stdout=full, stderr=subprocess.PIPE, text=True
        )
    line = "not written: standard output: cannot be written (No space left on device)\n"
    assert (done.returncode, done.stderr) == (1, line)
    assert len(rows(out)) == 3


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_a_file_name_does_not_speak_to_the_terminal(
    tmp_path: Path,
    score: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COLUMNS", "120")  # room for the whole name
    folder = write_series(tmp_path / "in")
    (folder / "0.dcm").rename(folder / "\x1b[31mred\nline.dcm")
    (folder / "1.dcm").write_bytes(b"no DICOM")
    (folder / "1.dcm").rename(folder / "\x1b[32mgreen\nline.dcm")
    done = score(folder)
    assert "\x1b" not in done.stdout + done.stderr
    assert "\\x1b[31mred\\nline.dcm" in done.stdout
    assert done.stderr.count("\n") == 1


def test_reports_that_are_sent_need_a_folder(score: Callable[..., Result]):
    done = score("--dicomweb", "https://pacs", "--study", "1.2", "--store")
    assert done.exit_code == 2
    assert "--store keeps what it sends: give --out" in " ".join(done.stderr.split())
    assert "--sr" not in done.stderr


def test_authorities_that_are_not_there_are_named(tmp_path: Path, score: Callable[..., Result]):
    none = tmp_path / "none.pem"
    done = score("--dicomweb", "https://pacs", "--study", "1.2", "--ca-file", none)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {none}: cannot be used for TLS")
    assert done.stderr.count("\n") == 1


def test_a_model_that_breaks_after_some_scores_is_1(
    tmp_path: Path,
    score: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    scored = Model.score_prepared

    def breaks(self: Model, slices: object, **options: bool) -> Iterator[object]:
        yield next(scored(self, slices, **options))
        raise ModelFolderError("gives no numbers", path="model")

    monkeypatch.setattr(Model, "score_prepared", breaks)
    done = score(write_series(tmp_path / "in"), "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-2:] == [
        "stopped after 1 of 3 slices",
        "error: model: gives no numbers",
    ]
    assert len(rows(tmp_path / "out")) == 1

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import invoke
from tests.support.disks import fail_for
from tests.support.slices import noisy_body
from typer.testing import Result

Write = Callable[..., Path]
BODY = noisy_body(96)


@pytest.fixture
def respond(tiny_model: Path, tmp_path: Path) -> Callable[..., Result]:
    def run(*args: object) -> Result:
        return invoke("dose-response", *args, "--model", tiny_model, "--out", tmp_path / "out")

    return run


WITHOUT_EXTRAS = """
import sys
sys.modules.update(dict.fromkeys(("torch", "scipy", "skimage", "lightning")))
from distiliqa.cli import main
sys.argv = ["distiliqa", *sys.argv[1:]]
main()
"""


def test_the_core_install_suffices(
    tmp_path: Path, tiny_model: Path, respond: Callable[..., Result], write_ct: Write
):
    write_ct(tmp_path / "in" / "0.dcm", BODY, PixelSpacing=[4, 4])
    options = [tmp_path / "in", "--doses", "0.5,0.1"]
    words = ["dose-response", *options, "--model", tiny_model, "--out", tmp_path / "core"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS, *map(str, words)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert respond(*options).exit_code == 0
    here, there = ((tmp_path / out / "dose-response.csv").read_text() for out in ("out", "core"))
    assert here == there  # with and without torch


def test_a_series(tmp_path: Path, respond: Callable[..., Result], write_ct: Write):
    write_ct(tmp_path / "in" / "0.dcm", BODY, PixelSpacing=[4, 4])
    done = respond(tmp_path / "in", "--doses", "0.5,0.1", "--at-least", 2)
    assert done.exit_code == 0, done.stderr
    assert "score at half dose" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "dose-response.csv",
        "dose-response.html",
        "dose-response.json",
    ]


def test_a_detectability_to_reach(tmp_path: Path, respond: Callable[..., Result], write_ct: Write):
    """Pixels of 4 mm show no d': the criterion is asked for, and not judged."""
    write_ct(tmp_path / "in" / "0.dcm", BODY, PixelSpacing=[4, 4])
    given = (tmp_path / "in", "--doses", "0.5")
    criterion = "lowest dose by the detectability d'"
    assert criterion not in respond(*given).stdout
    done = respond(*given, "--min-dprime", 5)
    assert done.exit_code == 0, done.stderr
    assert f"{criterion}: not judged" in " ".join(done.stdout.split())
    written = json.loads((tmp_path / "out" / "dose-response.json").read_text())
    assert written["min_dprime"] == 5
    done = respond(*given, "--min-dprime", -1)
    assert (done.exit_code, "give --min-dprime above 0" in done.stderr) == (2, True)


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_a_slice_that_fails_is_1_and_one_line(
    tmp_path: Path, respond: Callable[..., Result], write_ct: Write
):
    folder = tmp_path / "a\x1b[2J\nb"
    for n in range(2):
        write_ct(folder / f"{n}.dcm", BODY, PixelSpacing=[4, 4], ImagePositionPatient=[0, 0, n])
    broken = folder / "1.dcm"
    broken.write_bytes(broken.read_bytes()[:-1000])
    done = respond(folder, "--doses", "0.5")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"failed: {tmp_path / 'a'}\\x1b[2J\\nb/1.dcm: ")
    assert done.stderr.count("\n") == 1


def test_a_file_of_the_series_that_cannot_be_read_at_all_is_1(
    tmp_path: Path, respond: Callable[..., Result], write_ct: Write
):
    write_ct(tmp_path / "in" / "0.dcm", BODY, PixelSpacing=[4, 4])
    (tmp_path / "in" / "1.dcm").write_bytes(b"no DICOM")
    done = respond(tmp_path / "in", "--doses", "0.5")
    assert done.exit_code == 1
    assert f"failed: {tmp_path / 'in' / '1.dcm'}: not a DICOM file" in done.stderr


def test_bad_input_is_2_and_one_line(tmp_path: Path, respond: Callable[..., Result]):
    np.save(tmp_path / "a.npy", np.zeros((64, 64)))
    for args in ((tmp_path / "a.npy",), (tmp_path / "missing",), (tmp_path, "--at-least", 9)):
        done = respond(*args)
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1
    assert respond(tmp_path, "--doses", "half").exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_cannot_command_the_terminal(
    tmp_path: Path, respond: Callable[..., Result], write_ct: Write
):
    for n in range(2):
        path = tmp_path / "in" / f"{n}.dcm"
        write_ct(path, BODY, PixelSpacing=[4, 4], ImagePositionPatient=[0, 0, 3 * n])
    broken = path.rename(path.with_name("\x1b[2J.dcm"))
    broken.write_bytes(broken.read_bytes()[:-100])
    done = respond(tmp_path / "in", "--doses", "0.5", "--at-least", 2)
    assert done.exit_code == 1, done.stderr
    assert "\\x1b[2J.dcm: " in done.stderr
    assert "\x1b" not in done.stderr


def test_a_file_that_cannot_be_written_is_1_and_costs_no_other(
    tmp_path: Path,
    respond: Callable[..., Result],
    write_ct: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    write_ct(tmp_path / "in" / "0.dcm", BODY, PixelSpacing=[4, 4])
    (tmp_path / "in" / "1.dcm").touch()
    fail_for(monkeypatch, "dose-response.csv")
    done = respond(tmp_path / "in", "--doses", "0.5")
    assert done.exit_code == 1
    failed, unwritten = done.stderr.splitlines()
    assert failed.startswith(f"failed: {tmp_path / 'in' / '1.dcm'}: ")
    assert unwritten.startswith(f"not written: {tmp_path / 'out' / 'dose-response.csv'}: ")
    assert len(list((tmp_path / "out").iterdir())) == 2

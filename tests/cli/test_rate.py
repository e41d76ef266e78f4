"""The command that serves a study."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import requests
from typer.testing import CliRunner

pytest.importorskip("starlette")
from tests.support.slices import write_ct

from distiliqa.cli import app
from distiliqa.readers.rating_table import read_table


def test_until_ctrl_c_and_on(tmp_path: Path):
    for n in range(3):
        write_ct(tmp_path / "data" / f"{n}.dcm", np.full((32, 32), 40.0 + n))
    command = [sys.executable, "-m", "distiliqa", "rate", str(tmp_path / "data"), "--no-browser",
               "--port", "0", "--out", str(tmp_path / "study"), "--by", "scale"]  # fmt: skip
    for number in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = re.search(r"http://\S+", process.stdout.readline())[0]
            shown = requests.get(f"{url}api/question?reader=Anna", timeout=60).json()["images"]
            answer = {"reader": "Anna", "images": shown, "answer": 4 - number}
            found = requests.post(f"{url}api/answers", json=answer, timeout=60).json()
            assert found["number"] == number + 1
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
    table = read_table(tmp_path / "study" / "ratings.csv", scale=(0, 4))
    assert sorted(table.ratings[:, 0]) == [3, 4]


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps such rights elsewhere")
def test_a_folder_of_others_stays_open_to_them(tmp_path: Path):
    for n in range(3):
        write_ct(tmp_path / "data" / f"{n}.dcm", np.full((32, 32), 40.0 + n))
    for out, mode in (("shared", 0o770), ("new", 0o700)):
        if out == "shared":
            (tmp_path / out).mkdir()
            (tmp_path / out).chmod(mode)
        command = [sys.executable, "-m", "distiliqa", "rate", str(tmp_path / "data"), "--port", "0",
                   "--host", "127.0.0.1", "--no-browser", "--out", str(tmp_path / out)]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = re.search(r"http://\S+token=\S+", process.stdout.readline())[0]
            assert requests.get(url, timeout=60).status_code == 200
            private = [stat.S_IMODE((tmp_path / out / f"{name}.txt").stat().st_mode)
                       for name in ("address", "token")]  # fmt: skip
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        assert private == [0o600, 0o600]
        assert stat.S_IMODE((tmp_path / out).stat().st_mode) == mode


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--window", "350"], "give WIDTH,LEVEL in HU"),
        (["--window", "-1,40"], "give WIDTH,LEVEL in HU"),
        (["--by", "scale", "--comparisons", "9"], "belongs to --by pairs"),
        ([], "no such file"),
    ],
)
def test_wrong_options(tmp_path: Path, options: list[str], line: str):
    command = ["rate", str(tmp_path / "none"), "--out", str(tmp_path / "out"), *options]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 2
    assert line in " ".join(found.output.split()).replace("│ ", "")

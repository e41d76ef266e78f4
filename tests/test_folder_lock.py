from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.folder_lock import only_one

HOLD = """
import sys, time
from pathlib import Path
from distiliqa.folder_lock import only_one
with only_one(Path(sys.argv[1]), "listener"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_one_is_refused_and_a_killed_one_lets_go(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with (
            pytest.raises(DistiliqaError, match=f"{tmp_path}: another listener writes here"),
            only_one(tmp_path, "listener"),
        ):
            pass
        with only_one(tmp_path, "monitor"):
            pass
        first.kill()
    with only_one(tmp_path, "listener"):
        pass


def test_errors_inside_are_left_as_they_are(tmp_path: Path):
    with pytest.raises(PermissionError, match="inside"), only_one(tmp_path, "listener"):
        raise PermissionError("inside")
    with only_one(tmp_path, "listener"):
        pass


def test_a_folder_that_is_a_file_is_reported(tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    with (
        pytest.raises(DistiliqaError, match="cannot be written"),
        only_one(tmp_path / "out", "monitor"),
    ):
        pass

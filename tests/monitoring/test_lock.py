from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.monitoring.lock import only_monitor

HOLD = "import sys; from pathlib import Path; from distiliqa.monitoring.lock import only_monitor\n"
HOLD += "with only_monitor(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_a_second_monitor_is_refused_and_told_what_to_do(tmp_path: Path):
    with only_monitor(tmp_path / "out"):
        with pytest.raises(DistiliqaError) as refused, only_monitor(tmp_path / "out"):
            pass
        with only_monitor(tmp_path / "other"):
            pass
    assert str(refused.value) == (
        f"{tmp_path / 'out'}: another monitor writes here; stop it, or give another --out"
    )
    with only_monitor(tmp_path / "out"):
        pass


def test_a_killed_monitor_holds_nothing(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(DistiliqaError, match="another monitor"), only_monitor(tmp_path):
            pass
        process.kill()
        process.communicate()
    with only_monitor(tmp_path):
        pass


def test_a_folder_that_is_a_file_is_told(tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DistiliqaError, match="cannot be written"), only_monitor(tmp_path / "out"):
        pass

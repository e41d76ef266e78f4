"""Answers on disk: whole lines or none."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")
from tests.support.disks import full_disk

from distiliqa.errors import DistiliqaError
from distiliqa.serve.rating.answer_log import LOG, Entry, append, read_log


def entry(reader: str, answer: int | None) -> Entry:
    return Entry(reader, (0, 1), answer, "2026-01-01T00:00:00+00:00")


def test_answers_that_were_taken_back_do_not_stand(tmp_path: Path):
    for one in (entry("A", 1), entry("B", 0), entry("A", -1), entry("A", None)):
        append(tmp_path, one)
    assert read_log(tmp_path) == [entry("A", 1), entry("B", 0)]


def test_a_line_that_was_cut_is_removed(tmp_path: Path):
    append(tmp_path, entry("A", 1))
    whole = (tmp_path / LOG).read_bytes()
    (tmp_path / LOG).write_bytes(whole + whole[:20])
    assert read_log(tmp_path) == [entry("A", 1)]
    append(tmp_path, entry("A", 0))
    assert read_log(tmp_path) == [entry("A", 1), entry("A", 0)]


@pytest.mark.parametrize("line", ["{}", "no json", '{"reader": "A", "images": 3}', "[1]"])
def test_other_lines_are_refused(tmp_path: Path, line: str):
    append(tmp_path, entry("A", 1))
    with (tmp_path / LOG).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DistiliqaError, match="answers"):
        read_log(tmp_path)


# A file system with room for 40 bytes more: the first write ends there, and the next fails.
CUT_SHORT = """
import resource, signal, sys
from pathlib import Path
from distiliqa.errors import DistiliqaError
from distiliqa.serve.rating.answer_log import LOG, Entry, append
folder = Path(sys.argv[1])
size = (folder / LOG).stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, resource.RLIM_INFINITY))
try:
    append(folder, Entry("A", (0, 1), -1, "2026"))
except DistiliqaError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs a limit of the size of files")
def test_a_write_that_is_cut_short_leaves_no_part_of_a_line(tmp_path: Path):
    append(tmp_path, entry("A", 1))
    whole = (tmp_path / LOG).read_bytes()
    command = [sys.executable, "-c", CUT_SHORT, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "cannot be written" in done.stdout
    assert (tmp_path / LOG).read_bytes() == whole
    assert read_log(tmp_path) == [entry("A", 1)]


def test_on_a_full_disk_no_part_of_a_line_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    append(tmp_path, entry("A", 1))
    monkeypatch.setattr("distiliqa.serve.rating.answer_log.os.fsync", full_disk)
    with pytest.raises(DistiliqaError, match="cannot be written"):
        append(tmp_path, entry("A", 0))
    assert read_log(tmp_path) == [entry("A", 1)]

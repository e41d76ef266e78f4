"""Benchmarks are run one by one, whatever becomes of each, and shown on one page."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

WORKS = """
from bench.figures import Curve, Figure, Found, main
def measure():
    figures = [Figure("slices", 70.0, "slices/s", at_least=60), Figure("time", 2.0, "s", at_most=1)]
    curve = Curve("Time against slices", "slices", "s", {"all": [(1, 0.1), (10, 1.0)]}, "Why.")
    return Found("Works", "About it.", figures, [curve], ["a GPU: there is none"])
main(measure, "It works.")
"""
FAILS = "raise ValueError('no such thing as /home/someone/data/file.bin')"
HANGS = "import time; time.sleep(60)"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, with three benchmarks in a folder of their own, and results there too."""
    import run as module

    for name, code in (("works", WORKS), ("fails", FAILS), ("hangs", HANGS)):
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(Path(module.__file__).parent))
    monkeypatch.setattr(module, "_HERE", tmp_path)
    monkeypatch.setattr(module, "BENCHMARKS", ("fails", "hangs", "works"))
    monkeypatch.setattr(module, "LONGEST", 60)
    started = module.run
    hanging = {"hangs": 1.0}
    monkeypatch.setattr(module, "run", lambda name, s: started(name, hanging.get(name, s)))
    for name in ("RESULTS", "DOCS", "PICTURES"):
        monkeypatch.setattr(module, name, tmp_path / name.lower())
    monkeypatch.setattr(module, "PICTURES", tmp_path / "docs" / "images")
    monkeypatch.setattr(module, "short", lambda path: path.name)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    return module


def test_each_finds_what_it_imports_as_a_program_of_its_own():
    """In one process, for speed; each starts with the path that it has where it is run."""
    from run import BENCHMARKS

    program = """
import importlib, sys
sys.path[0] = sys.argv[1]
path, names = list(sys.path), sys.argv[2:]
for name in names:
    importlib.import_module(name)
    sys.path[:] = path
    for known in list(sys.modules):
        if known.split(".")[0] in {"bench", "tools", *names}:
            del sys.modules[known]
"""
    folder = str(Path(sys.modules["run"].__file__ or "").parent)
    command = [sys.executable, "-c", program, folder, *BENCHMARKS, "gpu"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_that_fails_or_hangs_stops_no_other(run: ModuleType, tmp_path: Path, capsys):
    with pytest.raises(SystemExit) as ended:
        run.main()
    assert ended.value.code == 1
    record = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert list(record["benchmarks"]) == ["works"]
    assert record["failed"] == {
        "fails": "ValueError: no such thing as a file",
        "hangs": "stopped after 1 s",
    }
    assert "Python" in record["machine"]
    page = (tmp_path / "docs" / "performance.md").read_text()
    assert "| slices | 70 slices/s | at least 60 | reached |" in page
    assert "| time | 2 s | at most 1 | **missed** |" in page
    assert "- Left out: a GPU: there is none." in page
    assert "![Time against slices](images/time_against_slices.svg)" in page
    assert "| 10 | 1 |" in page
    assert "failed: ValueError" in (tmp_path / "results" / "latest.md").read_text()
    assert "performance.md" in capsys.readouterr().out


def test_one_that_is_interrupted_keeps_results_and_the_former_page(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(name: str, seconds: float) -> object:
        if name == "hangs":
            raise KeyboardInterrupt
        return ended(name, seconds)

    ended = run.run
    monkeypatch.setattr(run, "run", interrupted)
    monkeypatch.setattr(run, "BENCHMARKS", ("works", "hangs"))
    (tmp_path / "docs" / "images").mkdir(parents=True)
    for former in ("performance.md", "images/old.svg"):
        (tmp_path / "docs" / former).write_text("former")
    with pytest.raises(KeyboardInterrupt):
        run.main()
    record = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert list(record["benchmarks"]) == ["works"]
    files = [path for path in (tmp_path / "docs").rglob("*.*") if path.is_file()]
    assert {path.name: path.read_text() for path in files} == {
        "performance.md": "former",
        "old.svg": "former",
    }


def test_the_same_numbers_make_the_same_page_and_plots(run: ModuleType, tmp_path: Path):
    found = {"works": run.run("works", 30)}
    facts = {"CPU": "one"}
    run.write_page(found, {}, facts)
    first = {path: path.read_bytes() for path in (tmp_path / "docs").rglob("*.*")}
    (tmp_path / "docs" / "images" / "old.svg").write_text("")
    run.write_page(found, {}, facts)
    assert first == {path: path.read_bytes() for path in (tmp_path / "docs").rglob("*.*")}


def test_a_few_by_name_are_printed_and_not_written(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr(sys, "argv", ["run.py", "works"])
    with pytest.raises(SystemExit) as ended:
        run.main()
    assert ended.value.code == 0
    assert "| slices | 70 slices/s |" in capsys.readouterr().out
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (1234.5, "1234"), (12.34, "12.3"), (0.012345, "0.0123"), (5, "5")],
)
def test_numbers_have_three_digits(value: float, expected: str):
    from bench.page import number

    assert number(value) == expected


def test_the_machine_is_reported_without_its_name(monkeypatch: pytest.MonkeyPatch):
    """Under a name that no package, system or processor has."""
    import platform

    from bench.machine import machine

    monkeypatch.setattr(platform, "node", lambda: "ward-7-ct")
    monkeypatch.setattr(socket, "gethostname", lambda: "ward-7-ct")
    assert "ward-7-ct" not in " ".join(machine().values())

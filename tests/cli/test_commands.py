"""The frame: the list of commands, lazy imports, and errors as one line with an exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from distiliqa import cli
from distiliqa.errors import DistiliqaError
from distiliqa.version import __version__

COMMANDS = tuple(name for commands in cli.PANELS.values() for name in commands)


def invoke(*args: str):
    return CliRunner().invoke(cli.app, list(args))


def replace_info(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def info() -> None:
        raise error

    monkeypatch.setattr(cli, "import_module", lambda name: SimpleNamespace(info=info))


def test_help_lists_the_commands_and_loads_none_of_them():
    code = (
        "import sys; sys.argv = ['distiliqa', '--help']\n"
        "from distiliqa.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "print(code, *(m for m in ('torch', 'onnxruntime', 'numpy') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_explains_itself(name: str):
    done = invoke(name, "--help")
    assert done.exit_code == 0, done.output
    assert f"{name} [OPTIONS]" in done.output
    function = name.replace("-", "_")
    assert getattr(import_module(f"distiliqa.cli.{function}"), function).__doc__


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_short_for_h_and_wraps_once(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    done = invoke(name, "-h")
    assert done.exit_code == 0, done.output
    prose = done.output.partition("\u256d")[0].splitlines()[2:]
    paragraphs = "\n".join(line.strip() for line in prose).split("\n\n")
    for line, following in (
        pair for text in paragraphs for pair in pairwise(text.strip().splitlines())
    ):
        assert len(line) + 1 + len(following.split()[0]) > 78, (line, following)


def test_out_is_short_for_o(tmp_path: Path, tiny_model: Path, write_series: Callable[..., Path]):
    folder, out = write_series(tmp_path / "in", 1), tmp_path / "out"
    assert invoke("score", str(folder), "--model", str(tiny_model), "-o", str(out)).exit_code == 0
    assert (out / "scores.csv").exists()
    with_out = [name for name in COMMANDS if "--out " in invoke(name, "-h").output]
    assert len(with_out) > 8
    for name in with_out:
        assert "-o " in invoke(name, "-h").output, name


def test_options_of_score_stand_in_groups():
    shown = invoke("score", "-h").output
    groups = ("Input", "Output", "Model", "Speed", "DICOMweb server")
    assert all(f"\u2500 {group} \u2500" in shown for group in groups)


@pytest.mark.parametrize(
    ("typed", "offered"), [("distiliqa mon", "monitor"), ("distiliqa score --heat", "--heatmaps")]
)
def test_shells_complete_commands_and_their_options(typed: str, offered: str):
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "distiliqa"],
        env={**os.environ, **asked} | {"_DISTILIQA_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [offered]


def test_version():
    assert invoke("--version").stdout == f"distiliqa {__version__}\n"


@pytest.mark.parametrize("args", [["scor"], ["info", "--nonsense"], ["score"]])
def test_wrong_usage_is_2(args: list[str]):
    assert invoke(*args).exit_code == 2


def test_a_mistyped_command_is_suggested():
    assert "'score'" in invoke("scor").stderr


def test_an_error_of_the_user_is_one_line_and_2(monkeypatch: pytest.MonkeyPatch):
    replace_info(monkeypatch, DistiliqaError("cut short", path="a.dcm", remedy="copy it again"))
    done = invoke("info")
    assert done.stderr == "error: a.dcm: cut short; copy it again\n"
    assert done.exit_code == 2


def test_ctrl_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch):
    replace_info(monkeypatch, KeyboardInterrupt())
    done = invoke("info")
    assert (done.stderr, done.exit_code) == ("interrupted\n", 130)


def test_a_missing_training_package_is_one_line_and_2(monkeypatch: pytest.MonkeyPatch):
    replace_info(monkeypatch, ModuleNotFoundError("No module", name="torch.nn"))
    done = invoke("info")
    problem = 'error: info needs the training extra (torch is missing); pip install "'
    assert done.stderr.startswith(problem)
    assert '"torch>=' in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.exit_code == 2


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch):
    replace_info(monkeypatch, ZeroDivisionError())
    assert isinstance(invoke("info").exception, ZeroDivisionError)


def test_python_m_distiliqa():
    done = subprocess.run(
        [sys.executable, "-m", "distiliqa", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"distiliqa {__version__}\n"


@pytest.mark.parametrize("arguments", [["score", "--a\u202eb\x1b[2J"], ["a\u202eb\x1b[2J"]])
def test_wrong_usage_repeats_nothing_that_a_terminal_obeys(arguments: list[str]):
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert r"a\u202eb\x1b[2J" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_takes_what_is_printed(closed: str):
    code = "import sys; from distiliqa.cli import main; sys.argv = ['distiliqa', 'info']; main()"
    run = f'exec "{sys.executable}" -c "{code}" {closed}'
    done = subprocess.run(["sh", "-c", run], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_help_of_out_names_all_files(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    shown = invoke("score", "-h").output
    (line,) = [line for line in shown.splitlines() if "--out " in line]
    for name in ("report.html", "scores.csv", ".json", "series.csv", "run.json"):
        assert name in line

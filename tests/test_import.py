"""What ``import distiliqa`` costs, and what it offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import distiliqa
from distiliqa.cli import PANELS

FUNCTIONS = (
    *("score", "compare", "rank", "monitor", "dose_response", "report", "heatmaps", "measures"),
)
HEAVY = ("torch", "lightning", "onnxruntime", "scipy", "skimage", "matplotlib", "pydicom", "numpy")


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_import_loads_next_to_nothing():
    code = (
        "import sys; import distiliqa;"
        f"print(*(m for m in {HEAVY} if m in sys.modules), end='|');"
        "print(*sorted(m for m in sys.modules if m.startswith('distiliqa')))"
    )
    heavy, own = python(code).split("|")
    assert heavy == ""
    names = ("working_directory",)
    assert own.split() == ["distiliqa", *(f"distiliqa.{name}" for name in names)]


def test_scoring_and_dose_response_never_load_torch():
    code = (
        "import sys, distiliqa;"
        "[getattr(distiliqa, name) for name in distiliqa.__all__];"
        "import distiliqa.cli.score, distiliqa.report;"
        "import distiliqa.dose_response.files, distiliqa.dose_response.run;"
        "print(*(m for m in ('torch', 'lightning', 'scipy', 'skimage') if m in sys.modules))"
    )
    assert python(code) == ""


@pytest.mark.parametrize("name", distiliqa.__all__)
def test_each_public_name_is_there(name: str):
    assert getattr(distiliqa, name) is not None
    assert name in dir(distiliqa)


@pytest.mark.parametrize(
    "before",
    [
        "import distiliqa",
        "import distiliqa.scoring.run",
        "from distiliqa.scoring.model import load_model",
        "import distiliqa.cli.score, distiliqa.score",
        "import distiliqa.compare.files, distiliqa.rank.files, distiliqa.monitor.page",
        "from distiliqa.report.html import write_html; from distiliqa import dose_response",
    ],
)
def test_functions_are_functions_whatever_was_imported(before: str):
    code = (
        f"{before}; import distiliqa, types;"
        f"print(*(type(getattr(distiliqa, name)).__name__ for name in {FUNCTIONS}))"
    )
    assert set(python(code).split()) == {"function"}


def test_functions_have_the_words_of_the_commands():
    commands = {command for panel in PANELS.values() for command in panel}
    of_options = {"heatmaps", "measures", "report"}
    assert {name.replace("_", "-") for name in FUNCTIONS} - of_options <= commands


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="distiliqa attribute nonsense"):
        distiliqa.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "name", ["dl/0.dcm", "DLFCN/0.dcm", "numpy.py", "openvino.py", "typing.py", "re/__init__.py"]
)
def test_what_lies_in_the_working_directory_is_no_module(tmp_path: Path, name: str):
    """Images lie there, and whatever else their owner keeps beside them."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('imported')")
    done = subprocess.run(
        [sys.executable, "-m", "distiliqa", "info"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(distiliqa.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_working_directory_that_is_gone_holds_no_module(tmp_path: Path):
    run = f"rmdir {tmp_path}; exec {sys.executable} -m distiliqa --version"
    done = subprocess.run(
        ["sh", "-c", run],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(distiliqa.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_session_beside_a_folder_named_dl_reads_images(tmp_path: Path):
    (tmp_path / "dl").mkdir()
    code = (
        f"import os, sys; os.chdir({str(tmp_path)!r});"
        "import distiliqa.ct; print('dl' in sys.modules)"
    )
    assert python(code) == "False"

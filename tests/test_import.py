"""What ``import distiliqa`` costs, and what it offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import distiliqa

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
    assert own.split() == ["distiliqa", "distiliqa.errors", "distiliqa.version"]


def test_scoring_never_loads_torch():
    code = (
        "import sys, distiliqa;"
        "[getattr(distiliqa, name) for name in distiliqa.__all__];"
        "import distiliqa.cli.score, distiliqa.report;"
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
        "import distiliqa.cli.score",
    ],
)
def test_score_is_the_function_whatever_was_imported(before: str):
    assert python(f"{before}; import distiliqa; print(callable(distiliqa.score))") == "True"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'distiliqa' has no attribute 'nonsense'"):
        distiliqa.nonsense  # noqa: B018

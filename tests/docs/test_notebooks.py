"""The notebooks of the documentation: names exist, outputs are kept, code runs."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import distiliqa
from distiliqa.cli import PANELS, app

FOLDER = Path(__file__).parents[2] / "docs" / "tutorials"
NOTEBOOKS = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
MAX_BYTES = 300_000
SHELL = "%%sh\n"
OWN = re.compile(r"/(?:home|root|tmp|work|Users)/|\b20\d\d-\d\d-\d\d\b|\b\d\d:\d\d:\d\d\b")


def cells(name: str) -> list[dict[str, Any]]:
    return json.loads(NOTEBOOKS[name].read_text("utf-8"))["cells"]


def code(name: str) -> Iterator[str]:
    yield from ("".join(cell["source"]) for cell in cells(name) if cell["cell_type"] == "code")


def commands(name: str) -> list[list[str]]:
    """The arguments of each command of the shell cells, without where its output goes."""
    lines = (
        line.partition(" >")[0]
        for text in code(name)
        if text.startswith(SHELL)
        for line in text.removeprefix(SHELL).replace("\\\n", " ").splitlines()
    )
    return [shlex.split(line) for line in lines]


def public_names(text: str) -> set[str]:
    """Names that a cell takes from `distiliqa`."""
    return {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "distiliqa"
    }


def test_there_are_two() -> None:
    assert set(NOTEBOOKS) == {"score-and-compare", "train-and-benchmark"}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_name_and_command_exists(name: str) -> None:
    used = set[str]().union(*(public_names(c) for c in code(name) if not c.startswith(SHELL)))
    assert used
    assert used <= set(distiliqa.__all__)
    known = {command for panel in PANELS.values() for command in panel}
    assert {words[1] for words in commands(name)} <= known


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_are_kept_small_and_name_no_machine(name: str) -> None:
    assert NOTEBOOKS[name].stat().st_size < MAX_BYTES
    run = [cell for cell in cells(name) if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in run)
    assert sum(bool(cell["outputs"]) for cell in run) > len(run) / 3
    for cell in run:
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            data = output.get("data", {})
            texts = [output.get("text", ""), *(data[kind] for kind in data if "text/" in kind)]
            for text in texts:
                assert not OWN.search("".join(text)), text


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_code_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("pandas", *(("torch",) if name.startswith("train") else ())):
        pytest.importorskip(needed)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    waiting = commands(name)
    for text in code(name):
        if not text.startswith(SHELL):
            exec(text, names)
            continue
        for _ in range(text.count("distiliqa ")):
            words = waiting.pop(0)
            done = CliRunner().invoke(app, words[1:], prog_name="distiliqa")
            assert done.exit_code == 0, f"{shlex.join(words)}: {done.output}"

"""What the pages of the documentation say can be run as it stands.

Blocks of ``sh`` and ``python`` run in the order of the page, in a folder with three series of the
example: ``scan``, ``full_dose`` and ``quarter_dose``. A block that needs a server, a network or
hours has its reason behind the language: ``sh no-run: needs a PACS``.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

import distiliqa
from distiliqa.cli import PANELS, app

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = Path(distiliqa.__file__).parent / "examples" / "body_phantom"
SCANS = {"scan": "dose_025", "full_dose": "dose_100", "quarter_dose": "dose_025"}
EXTRAS = {"torch": ("train",), "highdicom": ("--sr",)}
SHOWN = {"text", "ini", "sql", "json", "yaml"}  # languages of blocks that are read, not run


class Block(NamedTuple):
    """A fenced block: its language, why it is not run, and its text."""

    language: str
    no_run: str
    text: str


def blocks(path: Path) -> list[Block]:
    found = re.findall(r"^```([\w{}-]*)([^\n]*)\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)
    return [
        Block(language, rest.strip().removeprefix("no-run:").strip() if rest else "", text)
        for language, rest, text in found
    ]


def commands(text: str) -> list[list[str]]:
    """The arguments of each line of a shell block; a backslash continues a line."""
    lines = text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


PAGES = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
RUN = [
    name
    for name, path in PAGES.items()
    if any(block.language in ("sh", "python") and not block.no_run for block in blocks(path))
]


@pytest.mark.parametrize("name", RUN)
def test_blocks_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed, words in EXTRAS.items():
        if any(word in PAGES[name].read_text("utf-8") for word in words):
            pytest.importorskip(needed)
    for scan, dose in SCANS.items():
        shutil.copytree(EXAMPLE / dose, tmp_path / scan)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(PAGES[name]):
        if block.no_run:
            continue
        if block.language == "python":
            exec(block.text, names)
        if block.language == "sh":
            for words in commands(block.text):
                run(words)


def run(words: list[str]) -> None:
    assert words[0] == "distiliqa", f"{words}: mark the block as no-run, with the reason"
    done = CliRunner().invoke(app, words[1:], prog_name="distiliqa")
    assert done.exit_code == 0, f"{shlex.join(words)}: {done.output}"


@pytest.mark.parametrize("name", PAGES)
def test_blocks_are_marked(name: str) -> None:
    for block in blocks(PAGES[name]):
        known = block.language in SHOWN | {"sh", "python"} or block.language.startswith("{")
        assert known, f"a block of {block.language or 'no language'}: {block.text}"


@pytest.mark.parametrize("name", PAGES)
def test_commands_that_are_not_run_exist(name: str) -> None:
    known = {command for panel in PANELS.values() for command in panel}
    for block in blocks(PAGES[name]):
        if block.language == "sh":
            used = {words[1] for words in commands(block.text) if words[0] == "distiliqa"}
            assert used <= known


def test_the_pages_are_run() -> None:
    assert {"tutorials/first-scan.md", "how-to/monitor.md", "reference/python.md"} <= set(RUN)

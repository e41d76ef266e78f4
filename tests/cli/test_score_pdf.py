"""``distiliqa score --pdf``: what it needs is told before anything is scored."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.support.command_line import invoke
from typer.testing import Result

from distiliqa.report import pdf as pdf_module

Write = Callable[..., Path]


@pytest.fixture
def score(tiny_model: Path, tmp_path: Path, write_series: Write) -> Callable[..., Result]:
    folder = write_series(tmp_path / "in")

    def run(*args: object) -> Result:
        return invoke("score", folder, "--model", tiny_model, *args)

    return run


def test_writes_it_beside_the_others(score: Callable[..., Result], tmp_path: Path):
    done = score("--out", tmp_path / "out", "--pdf", "--notes", "for the files")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "out" / "scores.csv").exists()


@pytest.mark.parametrize("options", [["--pdf"], ["--notes", "x", "--out", "o"]])
def test_options_that_need_others_are_reported(score: Callable[..., Result], options: list[str]):
    done = score(*options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--pdf" in done.stderr


def test_a_logo_is_in_the_pdf(score: Callable[..., Result], tmp_path: Path):
    Image.new("RGB", (30, 10), "navy").save(tmp_path / "logo.png")
    given = ("--out", tmp_path / "out", "--logo", tmp_path / "logo.png")
    done = score(*given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--pdf" in done.stderr
    pictures = []
    for options in (given[:2], given):
        assert score(*options, "--pdf").exit_code == 0
        content = (tmp_path / "out" / "report.pdf").read_bytes()
        pictures.append(len(re.findall(rb"/Subtype\s*/Image", content)))
    assert pictures[1] == pictures[0] + 1


def test_a_missing_extra_is_reported_before_scoring(
    score: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pdf_module, "is_installed", lambda name: False)
    done = score("--out", tmp_path / "out", "--pdf")
    assert (done.exit_code, done.stdout) == (2, "")
    assert 'not installed; pip install "reportlab>=' in done.stderr
    assert done.stderr.count("\n") == 1


def test_letters_that_a_pdf_cannot_show_are_reported(score: Callable[..., Result], tmp_path: Path):
    options = ["--out", tmp_path / "out", "--pdf"]
    done = score(*options, "--notes", "腹部")
    assert done.exit_code == 0
    assert done.stderr == f"{tmp_path / 'out' / 'report.pdf'}: {pdf_module.LOST_LETTERS}\n"
    assert score(*options, "--notes", "Müller").stderr == ""

"""The page has the tables of a run, and says so while there was none."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    return importlib.import_module("comparison")


def test_what_a_run_left_stands_on_the_page(
    extension: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(extension, "RESULTS", tmp_path)
    assert "has not been run yet" in extension.comparison("chest")
    (tmp_path / "chest").mkdir()
    (tmp_path / "chest" / "table.md").write_text("| method |\n|---|\n| ours |\n")
    (tmp_path / "chest" / "groups.md").write_text("| dose |\n|---|\n| theirs |\n")
    written = extension.comparison("chest")
    assert "not been run" not in written
    assert written.index("| ours |") < written.index("results/chest/figures.png")
    assert written.index("figures.png") < written.index("| theirs |")


def test_the_page_names_recipes_of_the_repository(extension: ModuleType) -> None:
    page = (DOCS / "explanation" / "comparison.md").read_text("utf-8")
    for name in ("challenge", "chest"):
        assert f"<!-- generated: comparison, {name} -->" in page
        assert (DOCS.parent / "training" / "benchmark" / f"{name}.yaml").is_file()

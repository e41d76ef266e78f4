"""Tests lie where what they test lies: tests/ROOM/test_MODULE.py."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PACKAGE = ROOT / "src" / "distiliqa"
# Programs and pages of the repository are tested as well.
PLACES = {name: ROOT / name for name in ("tools", "benchmarks", "docs")}
# Whole features, and facts about the repository.
FEATURES = {
    *("archive/test_object_store.py", "benchmarks/test_slices.py", "cli/test_commands.py"),
    *("cli/test_score_pdf.py", "cli/test_series_files.py", "cli/test_training.py"),
    *("ct/test_lossy_pixels.py", "ct/test_memory.py", "docs/test_pages.py"),
    *("lab/train/test_resume.py", "lab/train/test_training.py", "pacs/test_end_to_end.py"),
    *("pacs/test_extra.py", "pacs/test_score_of_server.py", "pacs/test_tls.py"),
    *("report/html/test_report.py", "report/pdf/test_pdf.py", "report/test_browser.py"),
    *("report/test_narrow.py", "report/test_reports.py", "simulate/test_parts.py"),
    *("test_changes.py", "test_citation.py", "test_dependencies.py", "test_dockerfile.py"),
    *("test_import.py", "test_layers.py", "test_main.py", "test_mirror.py", "test_readme.py"),
    *("test_shipped_figures.py", "test_words.py", "tools/make_docs/test_real_pairs.py"),
    "tools/model_check/test_model_check.py",
}


def subject_of(test: Path) -> Path:
    """The module or package that a test file is named after."""
    room, *_ = test.parts
    base = PLACES.get(room)
    place = PACKAGE / test if base is None else base / test.relative_to(room)
    return place.with_name(test.stem.removeprefix("test_"))


def test_each_test_file_has_its_module():
    files = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    alone = {
        file.as_posix()
        for file in files
        if not (subject_of(file).is_dir() or subject_of(file).with_suffix(".py").is_file())
    }
    assert sorted(alone - FEATURES) == []


def test_only_what_tests_share_stands_beside_them():
    files = {path.relative_to(TESTS) for path in TESTS.rglob("*.py")}
    beside = {file for file in files if not file.name.startswith("test_")}
    assert {file.parts[0] for file in beside if file.name != "conftest.py"} == {"support"}

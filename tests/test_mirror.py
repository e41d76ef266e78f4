"""Tests lie where what they test lies: tests/ROOM/test_MODULE.py, and every module is tested."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
PACKAGE = ROOT / "src" / "distiliqa"
# Programs and pages of the repository are tested as well.
PLACES = {name: ROOT / name for name in ("tools", "benchmarks", "docs")}
# Whole features, and facts about the repository.
FEATURES = {
    *("archive/test_object_store.py", "benchmarks/test_slices.py", "cli/test_bad_ratings.py"),
    "cli/test_commands.py",
    *("cli/test_score_measures.py", "cli/test_score_pdf.py", "cli/test_series_files.py"),
    *("cli/test_training.py", "ct/dicom/test_damaged.py", "ct/dicom/test_kinds.py"),
    *("ct/test_lossy_pixels.py", "ct/test_memory.py", "ct/volumes/test_damaged_nifti.py"),
    *(
        "docs/test_comparison.py",
        "docs/test_notebooks.py",
        "docs/test_pages.py",
        "docs/test_quoted_numbers.py",
        "docs/test_quoted_words.py",
    ),
    *("lab/benchmark/test_recipes.py", "lab/benchmark/test_run_script.py"),
    *("lab/train/test_resume.py", "lab/train/test_training.py"),
    *("lab/train/test_unseen_kinds.py", "pacs/test_end_to_end.py"),
    *("pacs/listen/test_late_doses.py", "pacs/listen/test_late_images.py"),
    *("pacs/test_extra.py", "pacs/test_score_of_server.py", "pacs/test_tls.py"),
    *("report/html/test_report.py", "report/pdf/test_pdf.py", "report/test_browser.py"),
    "monitor/test_changed_files.py",
    *("metrics/test_bad_input.py", "serve/test_in_browser.py", "serve/test_second_series.py"),
    "serve/test_viewer.py",
    *("report/test_narrow.py", "report/test_reports.py", "simulate/test_parts.py"),
    *("test_changes.py", "test_citation.py", "test_dependencies.py", "test_dockerfile.py"),
    *("test_import.py", "test_layers.py", "test_main.py", "test_mirror.py", "test_readme.py"),
    *("test_shipped_figures.py", "test_words.py", "tools/make_docs/test_real_pairs.py"),
    *("tools/make_model/test_make_model.py", "tools/model_check/test_model_check.py"),
}
# Modules that no test and no tested module of their room imports, and the test that runs them.
TESTED_THROUGH = {
    "calibrate/files.py": "cli/test_calibrate.py",
    "calibrate/screen.py": "cli/test_calibrate.py",
    "cli/listen.py": "pacs/test_end_to_end.py",
    "cli/serve.py": "serve/test_local_server.py",
    "compare/screen.py": "cli/test_compare.py",
    "lab/benchmark/benchmark_plots.py": "lab/benchmark/test_benchmark_table.py",
    "lab/benchmark/network_training.py": "lab/benchmark/test_benchmark_run.py",
    "lab/fine_tune/tuning_files.py": "cli/test_fine_tune.py",
    "lab/fine_tune/tuning_module.py": "lab/fine_tune/test_fine_tuning.py",
    "lab/train/cross_validation.py": "cli/test_training.py",
    "lab/train/model_card.py": "lab/train/test_unseen_kinds.py",
    "lab/train/student_module.py": "lab/train/test_training.py",
    "report/html/overview.py": "report/html/test_report.py",
    "report/html/section.py": "report/html/test_report.py",
    "report/html/size_tables.py": "report/html/test_report.py",
    "report/pdf/first_page.py": "report/pdf/test_pdf.py",
    "report/pdf/series_section.py": "report/pdf/test_pdf.py",
    "report/pdf/size_page.py": "report/pdf/test_pdf.py",
    "report/provenance.py": "report/html/test_report.py",
    "scoring/challenge.py": "cli/test_challenge.py",
    "working_directory.py": "test_import.py",
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
    assert sorted(FEATURES - alone) == [], "no longer needed here"


def imported_by(files: Iterable[Path]) -> set[str]:
    """Names of modules that files import, anywhere in them."""
    names: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}", *(f"{node.module}.{a.name}" for a in node.names)}
    return names


def test_each_module_is_tested_by_itself_or_as_a_part():
    modules = {
        path.relative_to(PACKAGE): path
        for path in PACKAGE.rglob("*.py")
        if not path.stem.startswith("__")
    }
    tested = imported_by(TESTS.rglob("test_*.py"))
    alone = {path for path in modules if (TESTS / path).with_name(f"test_{path.name}").is_file()}
    rooms = {
        room: imported_by(modules[path] for path in alone if path.parts[0] == room)
        for room in {path.parts[0] for path in modules}
    }

    def is_tested(path: Path) -> bool:
        name = ".".join(("distiliqa", *path.with_suffix("").parts))
        return path in alone or name in tested | rooms[path.parts[0]]

    untested = {path.as_posix() for path in modules if not is_tested(path)}
    assert sorted(untested - TESTED_THROUGH.keys()) == []
    assert sorted(TESTED_THROUGH.keys() - untested) == [], "no longer needed here"
    assert all((TESTS / test).is_file() for test in TESTED_THROUGH.values())


def test_only_what_tests_share_stands_beside_them():
    files = {path.relative_to(TESTS) for path in TESTS.rglob("*.py")}
    beside = {file for file in files if not file.name.startswith("test_")}
    assert {file.parts[0] for file in beside if file.name != "conftest.py"} == {"support"}

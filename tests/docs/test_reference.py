"""The reference names everything that the code has, and its links lead somewhere."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from itertools import chain, pairwise
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

import distiliqa
from distiliqa import metrics
from distiliqa.cli import PANELS, app
from distiliqa.models.folder import read_config, shipped_models
from distiliqa.pacs.listen.received import SCORED, Received
from distiliqa.rank.files import OF_SLICE as OF_RANKED_SLICE
from distiliqa.report.columns import BESIDES, SCORES_CSV, SERIES
from distiliqa.serve.rating.rating_files import PAIR_COLUMNS
from distiliqa.simulate.processing.kinds import KINDS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def extension(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    return importlib.import_module("generated")


def test_every_command_has_its_options_with_meaning_and_default(extension: ModuleType) -> None:
    written = extension.GENERATORS["commands"]()
    for commands in PANELS.values():
        for name in commands:
            assert f"### distiliqa {name}\n" in written
    assert "| `--out DIR, -o DIR` |" in written
    assert "| `--heatmaps png\\|nifti\\|dicom` |" in written
    assert "| `--settle NUMBER` |" in written
    assert "| `10` |" in written


def test_every_column_has_a_meaning(extension: ModuleType) -> None:
    tables = {
        "columns of scores.csv": SCORES_CSV,
        "columns besides": BESIDES,
        "columns of a series": SERIES,
    }
    page = (DOCS / "reference" / "results.md").read_text("utf-8")
    for table, columns in tables.items():
        assert f"<!-- generated: {table} -->" in page
        for column in columns:
            row = f"| `{column.name}` | {column.unit} | {column.meaning} |"
            assert row in extension.GENERATORS[table]()


def test_every_kind_of_processing_is_in_the_table(extension: ModuleType) -> None:
    page = (DOCS / "how-to" / "simulate.md").read_text("utf-8")
    assert "<!-- generated: kinds of processing -->" in page
    table = extension.GENERATORS["kinds of processing"]()
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.unit} | " in table
        assert f"{kind.ladder[-1]:g} | {kind.meaning} |" in table


def test_every_column_of_an_archive_is_on_the_page() -> None:
    pytest.importorskip("pyarrow")
    from distiliqa.archive.table import COLUMNS as OF_ARCHIVE

    page = (DOCS / "reference" / "results.md").read_text("utf-8")
    for name in set(OF_ARCHIVE) - {column.name for column in SCORES_CSV}:
        assert f"`{name}`" in page


def test_columns_of_the_tables_of_commands_are_on_the_page(tmp_path: Path) -> None:
    page = (DOCS / "reference" / "results.md").read_text("utf-8")
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    config = read_config(shipped_models()["compact"])
    Received(tmp_path, config).add("ab12", SCORED, 1)
    header = (tmp_path / "received.csv").read_text("utf-8").splitlines()[0]
    columns = {
        "distiliqa listen": header.split(","),
        "distiliqa rank": [
            "number",
            "patient",
            "counted",
            *(column.name for column in OF_RANKED_SLICE),
        ],
        "distiliqa rate": PAIR_COLUMNS,
    }
    for section, names in columns.items():
        assert [name for name in names if f"`{name}`" not in found[section]] == []


def test_every_key_of_json_files_is_on_the_page(extension: ModuleType, tmp_path: Path) -> None:
    source = Path(distiliqa.__file__).parent / "examples" / "body_phantom" / "dose_100"
    done = CliRunner().invoke(app, ["score", str(source / "slice_1.dcm"), "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    scores = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    run = json.loads((tmp_path / "run.json").read_text("utf-8"))
    (series,) = scores["series"]
    keys = {*scores, *scores["model"], *scores["settings"], *series, *series["slices"][0], *run}
    page = (DOCS / "reference" / "results.md").read_text("utf-8")
    page += "".join(build() for name, build in extension.GENERATORS.items() if "columns" in name)
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_every_public_name_is_in_the_reference(extension: ModuleType) -> None:
    written = extension.GENERATORS["names"]("distiliqa")
    for name in distiliqa.__all__:
        assert (f":: distiliqa.{name}\n" in written) == (not name.startswith("__"))


def test_recipes_are_shown_with_all_keys_and_their_defaults() -> None:
    pytest.importorskip("torch")
    import yaml

    from distiliqa.lab.data.simulation_recipe import SimulationRecipe
    from distiliqa.lab.train.recipe import Recipe

    page = (DOCS / "reference" / "recipes.md").read_text("utf-8")
    shown = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    assert shown == [recipe().model_dump(mode="json") for recipe in (Recipe, SimulationRecipe)]


def test_a_link_that_leads_nowhere_is_found(extension: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#here">b</a><a href="b.html#there">b</a>')
    (tmp_path / "b.html").write_text('<p id="here"><img src="none.png"><a href="https://x/">x</a>')
    dangling = importlib.import_module("local_links").dangling
    assert [(path.name, link) for path, link in dangling(tmp_path)] == [
        ("a.html", "b.html#there"),
        ("b.html", "none.png"),
    ]


@pytest.mark.parametrize("module", [distiliqa, metrics], ids=lambda module: module.__name__)
def test_the_type_slot_of_docstrings_holds_types(module: ModuleType) -> None:
    """What an entry means stands below it, and what stands behind its colon is no sentence."""
    public = [getattr(module, name) for name in module.__all__ if not name.startswith("__")]
    methods = [value for home in public if isinstance(home, type) for value in vars(home).values()]
    found = 0
    for documented in (*public, *methods):
        for entry, below in entries(inspect.getdoc(documented) or ""):
            found += 1
            assert below.startswith("    "), f"{documented}: {entry}"
            assert not entry.endswith((".", ";")), f"{documented}: {entry}"
    assert found > 20


@pytest.mark.parametrize("module", [distiliqa, metrics], ids=lambda module: module.__name__)
def test_docstrings_name_each_parameter_and_what_is_returned(module: ModuleType) -> None:
    public = [getattr(module, name) for name in module.__all__]
    for function in filter(inspect.isfunction, public):
        text = inspect.getdoc(function) or ""
        assert re.search(r"^(Returns|Yields)\n", text, re.MULTILINE), function
        named = [entry.partition(" : ")[0].split(", ") for entry, _ in entries(text)]
        refers = "are as in" in text
        assert refers or inspect.signature(function).parameters.keys() <= set(chain(*named))


def entries(text: str) -> list[tuple[str, str]]:
    """The entries of Parameters, Attributes and Raises, each with the line below it."""
    lines, found, inside = text.splitlines(), [], False
    for line, below in pairwise([*lines, ""]):
        if below.startswith("---") or not line.strip():
            inside = line in ("Parameters", "Attributes", "Raises")
        elif inside and not line.startswith((" ", "---")):
            found.append((line, below))
    return found

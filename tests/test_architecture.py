"""Imports go in one direction, and in no circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import distiliqa

SOURCE = Path(distiliqa.__file__).parent
# Each may import those before it, and none after it.
ORDER = (
    *("working_directory", "version", "errors", "terminal", "jobs", "extras", "scratch", "files"),
    *("foreign_text", "ct", "metrics", "models", "statistics", "simulate", "scoring", "report"),
    *("compare", "dose_response", "monitor", "pacs", "archive"),
    *("lab", "cli", "__main__"),
)


def modules() -> dict[str, Path]:
    """The modules of the package by name."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = ("distiliqa", *path.relative_to(SOURCE).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def statements(node: ast.AST, *, late: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports at run time; inside of functions only if ``late``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif late or not isinstance(child, ast.FunctionDef):
            yield from statements(child, late=late)


@cache
def imported(module: str, late: bool) -> frozenset[str]:
    """The modules of the package that a module imports."""
    found = set()
    for statement in statements(ast.parse(MODULES[module].read_text("utf-8")), late=late):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif statement.module:
            names = {f"{statement.module}.{alias.name}" for alias in statement.names}
            found |= names & MODULES.keys() or {statement.module}
    return frozenset(found & MODULES.keys())


def room(module: str) -> str:
    return module.removeprefix("distiliqa").lstrip(".").partition(".")[0]


def test_each_room_has_a_place_in_the_order() -> None:
    assert {room(module) for module in MODULES} - {""} == set(ORDER)


def test_rooms_import_what_stands_before_them() -> None:
    for module in MODULES:
        for other in imported(module, late=True):
            if room(module) and room(other):
                assert ORDER.index(room(other)) <= ORDER.index(room(module)), (module, other)


def test_modules_import_each_other_in_no_circle() -> None:
    finished: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in finished:
            for other in imported(module, late=False):
                visit(other, (*way, module))
            finished.add(module)

    for module in MODULES:
        visit(module, ())


def test_the_imports_are_seen() -> None:
    assert "distiliqa.errors" in imported("distiliqa.files", late=False)
    assert any(room(name) == "lab" for name in imported("distiliqa.cli.export", late=True))
    assert all(room(name) != "lab" for name in imported("distiliqa.cli.export", late=False))

"""Rooms of the package: who may import whom, from the syntax tree of every module."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src"
PACKAGE = "distiliqa"
# Modules at the top and rooms. Each imports from those above it alone, and rooms in one line not
# from each other.
ORDER = (
    *(("working_directory",), ("version",), ("cores",), ("errors",), ("terminal",)),
    *(("jobs",), ("extras",), ("least_squares",)),
    *(("scratch",), ("files",), ("folder_lock",), ("foreign_text",), ("foreign_json",)),
    *(("examples",), ("ct",), ("metrics",), ("models",), ("statistics",), ("readers",)),
    *(("simulate",), ("scoring",), ("report",), ("score",), ("measured_slices",)),
    ("compare", "dose_response", "monitor", "rank", "calibrate"),
    *(("pacs",), ("archive",), ("lab",), ("torch",), ("outputs",), ("serve",)),
    *(("cli",), ("__main__",)),
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
# Beyond the order: rooms that a room must not import, although they stand above it.
BARRED = {
    "simulate": {"models", "statistics"},
    "scoring": {"simulate"},
    "report": {"simulate"},
    "compare": {"simulate"},
    "dose_response": set[str](),
    "monitor": {"simulate"},
    "rank": {"simulate"},
    "calibrate": {"simulate"},
    "pacs": {"simulate", "compare", "dose_response", "monitor", "rank", "calibrate"},
    "archive": {"simulate", "compare", "dose_response", "monitor", "rank", "calibrate"},
}
WITH_EXTRAS = {"simulate", "lab", "torch"}
# Modules that a feature may call the same as another feature does.
SHARED_NAMES = {"run", "result", "page", "screen", "files", "__init__", "__main__"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


def room(module: str) -> str:
    """Name in `ORDER`; empty for the package itself."""
    return module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


def imported(module: str, node: ast.AST) -> set[str]:
    """Names of the modules that an import statement names, of any package."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if not isinstance(node, ast.ImportFrom):
        return set()
    assert node.level == 0, f"{module}: relative import"
    base = node.module or ""
    below = {f"{base}.{alias.name}" for alias in node.names}
    return {name if name in MODULES else base for name in below}


def imports(module: str, *, late: bool = True) -> set[str]:
    """All imports of a module; without ``late`` those that run when it is imported."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        found |= imported(module, node)
        if late or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def own(names: set[str]) -> set[str]:
    return {name for name in names if name in MODULES}


GRAPH = {module: own(imports(module)) - {module} for module in MODULES}


def test_every_folder_is_a_room() -> None:
    assert {room(module) for module in MODULES} - {""} <= LEVEL.keys()


def test_rooms_import_from_rooms_above_alone() -> None:
    wrong = [
        f"{module} imports {other}"
        for module, others in GRAPH.items()
        for other in others
        if module != PACKAGE and room(module) != room(other)
        and (
            LEVEL[room(other)] >= LEVEL[room(module)]
            or room(other) in BARRED.get(room(module), ())
        )
    ]  # fmt: skip
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", ["torch", "scipy", "lightning", "skimage"])
def test_the_core_needs_no_package_of_an_extra(package: str) -> None:
    wrong = [
        module
        for module in MODULES
        if room(module) not in WITH_EXTRAS
        and any(name.split(".")[0] == package for name in imports(module))
    ]
    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    circles = [component for component in components(GRAPH) if len(component) > 1]
    assert not circles, "\n".join(" <-> ".join(sorted(circle)) for circle in circles)


def components(graph: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components: modules that reach each other."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, waiting = set[str](), [start]
        while waiting:
            for other in graph[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        reached[start] = seen
    alike: defaultdict[frozenset[str], set[str]] = defaultdict(set)
    for module, seen in reached.items():
        alike[frozenset(other for other in seen if module in reached[other])].add(module)
    return [group for shared, group in alike.items() if shared]


def test_a_circle_is_found() -> None:
    assert components({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [{"b", "c"}]


def test_base_names_are_unique() -> None:
    names = Counter(path.stem for module, path in MODULES.items() if room(module) != "cli")
    twice = {name for name, count in names.items() if count > 1} - SHARED_NAMES
    places = [
        f"{name}: {', '.join(m for m in MODULES if m.endswith('.' + name))}" for name in twice
    ]
    assert not twice, "\n".join(sorted(places))

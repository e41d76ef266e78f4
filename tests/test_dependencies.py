"""What is imported is declared, so that it is there whatever a package below stops needing."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
# The first versions without the faults that are known, of what reads what others send.
SOUND = {
    "pydicom": "3.0.2",
    "python-gdcm": "3.2.2",
    "pillow": "12.3",
    "jinja2": "3.1.6",
    "requests": "2.32.4",
    "urllib3": "2.7.0",
    "torch": "2.10.0",
    "onnx": "1.21.0",
    "filelock": "3.20.3",
    "starlette": "0.49.1",
    "ray": "2.59",
}


def imported() -> Iterator[str]:
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield node.module.partition(".")[0]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_each_package_that_is_imported_is_declared() -> None:
    written = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.")[0]
    declared = {plain(name) for name in re.findall(r'"([\w.-]+)[^"]*"', written)}
    others = set(imported()) - sys.stdlib_module_names
    installed = {name: set(map(plain, found)) for name, found in packages_distributions().items()}
    missing = {name for name in others & installed.keys() if not installed[name] & declared}
    assert {"numpy", "pydicom"} <= others & installed.keys()
    assert missing == set()


def declared() -> list[Requirement]:
    """The requirements of pyproject.toml that have a range."""
    written = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.")[0]
    texts = re.findall(r'"([\w.-]+(?:\[\w+\])?[<>=][^"]*)"', written)
    return [Requirement(text) for text in texts]


def test_each_pin_is_in_the_range_of_what_is_declared() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    pins: dict[str, list[str]] = {}
    for pin in map(Requirement, lines):
        pins.setdefault(plain(pin.name), []).append(str(pin.specifier).removeprefix("=="))
    ranges = [(plain(found.name), found.specifier) for found in declared()]
    assert {name for name, _ in ranges} - pins.keys() == {"onnxruntime-gpu"}  # no test has a GPU
    for name, specifier in ranges:
        assert all(Version(version) in specifier for version in pins.get(name, ())), name


def test_no_lower_bound_lets_in_a_version_with_a_known_fault() -> None:
    """In no extra: several name the same package."""
    bounds = [(plain(found.name), found.specifier) for found in declared()]
    assert SOUND.keys() <= {name for name, _ in bounds}
    for name, specifier in bounds:
        (lowest,) = (part.version for part in specifier if part.operator == ">=")
        assert Version(lowest) >= Version(SOUND.get(name, "0")), name

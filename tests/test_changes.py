"""Fragments of the change log are named as towncrier expects them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_names_of_fragments() -> None:
    written = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    kinds = re.findall(r"^\[tool\.towncrier\.fragment\.(\w+)\]$", written, re.MULTILINE)
    assert "fixed" in kinds
    for path in (ROOT / "changes").iterdir():
        name = rf"\+[a-z0-9-]+\.({'|'.join(kinds)})\.md|README\.md"
        assert re.fullmatch(name, path.name), path.name

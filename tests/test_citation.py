"""CITATION.cff cites the version that is there."""

from __future__ import annotations

import re
from pathlib import Path

import distiliqa


def test_version() -> None:
    written = (Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", written, re.MULTILINE) == [distiliqa.__version__]

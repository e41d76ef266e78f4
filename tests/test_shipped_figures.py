"""What README and model card say of the shipped model is what `-m tools.model_check` found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from distiliqa.foreign_json import read_json
from distiliqa.models.folder import ONNX, find_model, read_config

ROOT = Path(__file__).parents[1]
TRAINING = ROOT / "training" / "compact"
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def figures() -> Any:
    return read_json(TRAINING / "figures.json")


def test_the_figures_are_of_the_shipped_weights(figures: Any) -> None:
    assert figures["model"]["sha256"] == read_config(find_model("compact")).files[ONNX]


def test_the_card_holds_the_tables() -> None:
    card = (find_model("compact") / "README.md").read_text(encoding="utf-8")
    assert card.endswith((TRAINING / "figures.md").read_text(encoding="utf-8"))
    assert "No reader's label was used" in card


def test_the_readme_quotes_them(figures: Any) -> None:
    rows = re.findall(r"^\| (.+?) \| (\S+) \| (\S*) \|", README, re.MULTILINE)
    found = {
        f"{section['title']}: {row['figure']}": row
        for section in figures["sections"]
        for table in section["tables"]
        for row in table
        if "figure" in row
    }
    quoted = [row for row in rows if row[0] in found]
    assert len(quoted) >= 6
    for name, model, noise_level in quoted:
        assert float(model) == pytest.approx(found[name]["model"], abs=6e-4), name
        assert float(noise_level) == pytest.approx(found[name]["GNL"], abs=6e-4), name

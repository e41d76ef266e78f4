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
def bounds() -> Any:
    return read_json(TRAINING / "bounds.json")


def test_the_figures_are_of_the_shipped_weights(bounds: Any) -> None:
    assert bounds["model"]["sha256"] == read_config(find_model("compact")).files[ONNX]


def test_the_card_holds_the_tables() -> None:
    card = (find_model("compact") / "README.md").read_text(encoding="utf-8")
    assert card.endswith((TRAINING / "bounds.md").read_text(encoding="utf-8"))
    assert "No reader's label was used" in card


def test_the_log_is_of_the_shipped_weights(bounds: Any) -> None:
    log = (TRAINING / "log.txt").read_text(encoding="utf-8")
    assert f"model.onnx {bounds['model']['sha256'][:12]}" in log


def test_the_readme_quotes_them(bounds: Any) -> None:
    rows = re.findall(r"^\| (.+?) \| (\S+) \| (.*?) \| (\S*) \|$", README, re.MULTILINE)
    found = {line["what"]: line for line in bounds["bounds"]}
    quoted = [row for row in rows if row[0] in found]
    assert len(quoted) >= 8
    for what, value, bound, noise_level in quoted:
        line = found[what]
        assert float(value) == pytest.approx(line["value"], abs=6e-4), what
        assert bound == line["bound"], what
        if line["GNL"] is None:
            assert noise_level == "", what
        else:
            assert float(noise_level) == pytest.approx(line["GNL"], abs=6e-4), what

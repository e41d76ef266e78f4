"""Numbers that pages quote are those of the program."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from distiliqa.lab.label import loss
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import PRESETS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("explanation/method.md", "tutorials/own-ratings.md", "reference/recipes.md")


def millions(preset: str) -> str:
    with torch.device("meta"):
        count = sum(weights.numel() for weights in Network(PRESETS[preset]).parameters()) / 1e6
    return f"{count:.0f}" if count > 10 else f"{count:.1f}"


@pytest.mark.parametrize("page", PAGES)
def test_the_sizes_of_the_networks(page: str) -> None:
    text = " ".join((DOCS / page).read_text("utf-8").split())
    for preset in ("compact", "published"):
        assert f"{millions(preset)} million" in text, preset


def test_the_weights_of_a_label() -> None:
    text = " ".join((DOCS / "explanation" / "labels.md").read_text("utf-8").split())
    assert f"({loss.INTERNAL_HU:g} HU)" in text
    assert f"{loss._TEXTURE:g} for texture" in text
    assert f"{loss._TEXTURE:g} times log" in text
    assert loss._REMOVED_COUNTS == 0.5
    assert text.count("alf of the deviation") == 2

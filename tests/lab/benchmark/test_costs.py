"""Parameters and operations counted by hand, and an ONNX file that equals torch."""

from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.lab.benchmark import costs
from distiliqa.lab.benchmark.backbones import Architecture, Rater
from distiliqa.lab.benchmark.costs import Cost, cost_of, known_cost

TOKENS, WIDTH = 17, 192  # 4 x 4 patches of 64 pixels, and the class token


def test_a_vision_transformer_by_hand(tmp_path: Path) -> None:
    cost = cost_of(Rater(Architecture("vit_tiny", "none", 0, 0, 64)), tmp_path)
    products = 11 * (12 * WIDTH**2 * TOKENS + 2 * WIDTH * TOKENS**2)
    products += (
        3 * WIDTH**2 * TOKENS + 2 * WIDTH * TOKENS + 9 * WIDTH**2
    )  # to the class token alone
    assert cost.flop == 2 * (products + 16 * 16 * WIDTH * 16 + WIDTH)
    layer = 12 * WIDTH**2 + 13 * WIDTH  # weights; biases and two normalizations
    ends = (16 * 16 + 1) * WIDTH + (TOKENS + 1) * WIDTH + 2 * WIDTH + WIDTH + 1
    assert cost.parameters == 12 * layer + ends
    assert cost.problem == ""
    assert cost.ms is not None
    assert cost.ms > 0
    assert not list(tmp_path.iterdir())


def test_it_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def count(rater: Rater, folder: Path) -> Cost:
        made.append(rater)
        return Cost(5, 7, None, "cannot")

    monkeypatch.setattr(costs, "cost_of", count)
    rater = Rater(Architecture("compact", "none", 0, 0, 64))
    first, second = (known_cost(rater, tmp_path / "cost.json") for _ in range(2))
    assert first == second == Cost(5, 7, None, "cannot")
    assert len(made) == 1
    assert first.times(3) == Cost(15, 21, None, "cannot")

"""The table of quarter doses, simulated here and by the Mayo Clinic."""

from __future__ import annotations

import pytest
from tools.make_docs.quarter_dose import Row, before, mean_gap, table


def row(kernel: str, noise: float, score: float) -> Row:
    return {
        "slice": "z",
        "kernel": kernel,
        "noise_simulated": str(noise),
        "noise_real": "20",
        "score_simulated": str(score),
        "score_real": "3",
    }


def test_the_mean_is_over_the_slices_of_a_kernel() -> None:
    now, earlier = [row("soft", 22, 2.9), row("sharp", 18, 3.3)], [row("soft", 30, 2.5)] * 2
    assert mean_gap(now) == pytest.approx((1.0, 0.1))
    *_, soft, sharp, both = table(now, [earlier[0], row("sharp", 20, 3.0)]).splitlines()
    assert "| soft | ratio to Mayo's 1.50 before, 1.10 now | difference -0.500" in soft
    assert "0.90 now" in sharp
    assert both.endswith("-0.250 before, +0.100 now |")


def test_the_figures_before_are_kept_and_were_worse() -> None:
    ratio, difference = mean_gap(before())
    assert len(before()) == 11
    assert (ratio, difference) == pytest.approx((1.02, -0.164), abs=0.005)

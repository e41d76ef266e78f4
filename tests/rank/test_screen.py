"""The leaderboard on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from distiliqa.rank.result import RankedRun
from distiliqa.rank.screen import rank_blocks


def test_the_screen_has_a_table_of_the_reference_that_fits_80_columns(ranked: RankedRun) -> None:
    screen = Console(width=80, record=True, file=io.StringIO())
    for block in rank_blocks(ranked):
        screen.print(block)
    text = screen.export_text()
    assert "…" not in text
    heads = [line.split() for line in text.splitlines() if "Rank" in line]
    assert heads[0][:3] == ["Rank", "Method", "Held"]
    assert heads[1][:5] == ["Rank", "Against", "the", "reference", "Held"]
    for name in ("Score", "SSIM", "PSNR", "VIF", "GMSD"):
        assert name in text

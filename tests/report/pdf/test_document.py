from __future__ import annotations

import pytest

reportlab = pytest.importorskip("reportlab")

from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: E402

from distiliqa.report.pdf.document import SIDE, STRONG, WIDTH, grid  # noqa: E402

HEADS = ("Series", "CTDIvol, mGy", "Slices")


def widths(*cells: str, shares: tuple[float, ...] = (8.0, 0.6, 0.6)) -> list[float]:
    columns = [(head, share, False) for head, share in zip(HEADS, shares, strict=True)]
    return list(grid(columns, [cells])._colWidths)


def test_a_column_has_room_for_its_longest_word():
    found = widths("a", "1", "2")
    for head, width in zip(HEADS, found, strict=True):
        words = (stringWidth(word, STRONG.fontName, STRONG.fontSize) for word in head.split())
        assert width >= max(words) + 2 * SIDE - 1e-6
    assert sum(found) == pytest.approx(WIDTH)


def test_an_endless_word_takes_no_more_than_twice_the_share():
    even = WIDTH / 3
    found = widths("n" * 500, "1", "2", shares=(1.0, 1.0, 1.0))
    assert found[0] == pytest.approx(2 * even)
    assert sum(found) == pytest.approx(WIDTH)

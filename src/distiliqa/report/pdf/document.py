"""The sheet of a PDF: page frame, styles, and cells and tables that flow with any text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table

from distiliqa.errors import one_line
from distiliqa.files import atomic_path
from distiliqa.report.pdf.letters import in_font
from distiliqa.version import __version__

MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, MUTED, RULE, FAINT = map(HexColor, ("#1b1f24", "#57606a", "#d0d5db", "#f4f6f8"))
SIDE = 3  # beside the words of a cell, points
MAX_GROWTH = 2.0  # of a column with a long word; a longer one is broken
MAX_TEXT = 400  # characters of a cell: a row has to fit a page

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12, textColor=INK)
SMALL = ParagraphStyle("small", BODY, fontSize=8, leading=10)
NUMBER = ParagraphStyle("number", SMALL, alignment=TA_RIGHT)
QUIET = ParagraphStyle("quiet", SMALL, textColor=MUTED)
FOOT = ParagraphStyle("foot", QUIET, fontSize=6.5, leading=7.5)
TITLE = ParagraphStyle("title", BODY, fontName="Helvetica-Bold", fontSize=17, leading=21)
HEADING = ParagraphStyle(
    "heading",
    BODY,
    fontName="Helvetica-Bold",
    fontSize=12,
    leading=15,
    spaceBefore=14,
    spaceAfter=4,
)
STRONG = ParagraphStyle("strong", SMALL, fontName="Helvetica-Bold")
STRONG_NUMBER = ParagraphStyle("strong number", STRONG, alignment=TA_RIGHT)
LEVEL_STYLES = {  # by `distiliqa.report.level_checks.State`
    "in range": ParagraphStyle("in range", SMALL, textColor=HexColor("#1a6b34")),
    "not in range": ParagraphStyle("not in range", STRONG, textColor=HexColor("#a3201d")),
    "not known": ParagraphStyle("not known", SMALL, textColor=HexColor("#8a4b00")),
}


def build(path: Path, story: Sequence[Any], sees: str = "") -> None:
    """Lay the story out on numbered pages and write it, atomically.

    Parameters
    ----------
    sees : str
        What the model sees and does not see; it stands at the foot of every page.
    """

    def numbered(*args: Any, **options: Any) -> Canvas:
        return _NumberedPages(*args, sees=sees, **options)

    with atomic_path(path) as partial:
        document = BaseDocTemplate(
            str(partial),
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=22 * mm,
            bottomMargin=18 * mm,
            title="CT image quality",
            author=f"distiliqa {__version__}",
            invariant=1,  # the same scores make the same file, without the date
        )
        frame = Frame(
            document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0
        )
        document.addPageTemplates(PageTemplate(frames=[frame]))
        document.build(list(story), canvasmaker=numbered)


class _NumberedPages(Canvas):
    """Draws head and foot of all pages at the end, when their number is known."""

    def __init__(self, *args: Any, sees: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        self._foot = text(sees, FOOT, most=None) if sees else None
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page until `save`."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Draw head and foot on every page and write the file."""
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self._draw_frame(number, len(self._pages))
            super().showPage()
        super().save()

    def _draw_frame(self, number: int, count: int) -> None:
        width, height = A4
        self.setFillColor(INK)
        self.setFont("Helvetica", 8)
        self.drawString(MARGIN, height - 14 * mm, f"distiliqa {__version__}")
        self.setFont("Helvetica-Bold", 8)
        self.drawRightString(
            width - MARGIN, height - 14 * mm, "Research software, not a medical device."
        )
        self.setStrokeColor(black)
        self.line(MARGIN, height - 16 * mm, width - MARGIN, height - 16 * mm)
        self.setFont("Helvetica", 8)
        self.drawRightString(width - MARGIN, 10 * mm, f"page {number} of {count}")
        if self._foot is not None:
            _, needed = self._foot.wrap(WIDTH - 25 * mm, 18 * mm)
            self._foot.drawOn(self, MARGIN, max(13 * mm - needed, 5 * mm))


def text(words: object, style: ParagraphStyle = SMALL, most: int | None = MAX_TEXT) -> Paragraph:
    """Words from anywhere as a paragraph that wraps; what the font lacks is a question mark.

    Parameters
    ----------
    most : int or None
        Characters that are shown; None for all, where the text does not stand in a table.
    """
    line = one_line(str(words))
    if most is not None and len(line) > most:
        line = line[: most - 1] + "…"
    return Paragraph(escape(in_font(line)), style)


def grid(columns: Sequence[tuple[str, float, bool]], rows: Sequence[Sequence[object]]) -> Table:
    """A table whose head is repeated on each page; columns that are empty throughout are left out.

    Parameters
    ----------
    columns : Sequence[tuple[str, float, bool]]
        Name, share of the width, and whether it holds numbers, of each. A column whose longest word
        needs more room takes it from the others.
    rows : Sequence[Sequence[object]]
        A cell for each column, as words or a paragraph; a cell wraps inside it.
    """
    kept = [n for n in range(len(columns)) if any(row[n] not in ("", None) for row in rows)]
    columns, rows = [columns[n] for n in kept], [[row[n] for n in kept] for row in rows]
    head = [text(name, STRONG_NUMBER if numeric else STRONG) for name, _, numeric in columns]
    styles = [NUMBER if numeric else SMALL for _, _, numeric in columns]
    body = [
        [
            cell if isinstance(cell, Paragraph) else text(cell, style)
            for cell, style in zip(row, styles, strict=True)
        ]
        for row in rows
    ]
    return Table(
        [head, *body],
        colWidths=_widths(columns, rows),
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), FAINT),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
            *padding(SIDE, SIDE, 2),
        ],
    )


def _widths(
    columns: Sequence[tuple[str, float, bool]], rows: Sequence[Sequence[object]]
) -> list[float]:
    """Width of each column, points; by the shares alone where the words have no room."""
    total = sum(share for _, share, _ in columns)
    widths = [WIDTH * share / total for _, share, _ in columns]
    words = [
        [_longest(name, STRONG)] + [_longest(row[n], SMALL) for row in rows]
        for n, (name, _, _) in enumerate(columns)
    ]
    least = [
        min(max(found) + 2 * SIDE, MAX_GROWTH * width)
        for found, width in zip(words, widths, strict=True)
    ]
    spare = sum(max(0.0, width - need) for width, need in zip(widths, least, strict=True))
    lack = sum(max(0.0, need - width) for width, need in zip(widths, least, strict=True))
    if lack == 0 or lack > spare:
        return widths
    return [
        need if width < need else width - (width - need) * lack / spare
        for width, need in zip(widths, least, strict=True)
    ]


def _longest(cell: object, style: ParagraphStyle) -> float:
    """Width of the longest word of a cell, points."""
    if isinstance(cell, Paragraph):
        line, style = cell.getPlainText(), cell.style
    else:
        line = in_font(one_line(str(cell)))
    words = line.split() or [""]
    return max(stringWidth(word, style.fontName, style.fontSize) for word in words)


def facts(pairs: Sequence[tuple[str, object]], columns: int = 3, width: float = WIDTH) -> Table:
    """Names with their values below them, in columns; a value wraps inside its own."""
    cells = [[text(name, QUIET), text(value)] for name, value in pairs]
    cells += [[text("")]] * (-len(cells) % columns)
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return Table(
        rows,
        colWidths=[width / columns] * columns,
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *padding(0, 6, 2)],
    )


def side_by_side(cells: Sequence[Any], columns: int | None = None) -> Table:
    """Drawings or pictures in one row."""
    count = columns or len(cells)
    row = [*cells, *[""] * (count - len(cells))]
    return Table(
        [row],
        colWidths=[WIDTH / count] * count,
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *padding(0, 0, 2)],
    )


def padding(left: float, right: float, above: float) -> list[tuple[Any, ...]]:
    """Room around each cell, points; below it as above."""
    cells = (0, 0), (-1, -1)
    return [
        ("LEFTPADDING", *cells, left),
        ("RIGHTPADDING", *cells, right),
        ("TOPPADDING", *cells, above),
        ("BOTTOMPADDING", *cells, above),
    ]

"""Results as notebooks show them: the tables of the command, escaped, and a data frame."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from rich.table import Table
from rich.text import Text

from distiliqa import extras
from distiliqa.errors import DistiliqaError
from distiliqa.report.notebook import as_html, frame


def test_a_table_has_its_cells_styles_and_breaks() -> None:
    table = Table("Series", "Noise\nHU")
    table.columns[1].justify = "right"
    table.add_row(Text("a"), "7.8", style="bold")
    table.add_row("b", "9.1")
    html = as_html([table])
    cells = ElementTree.fromstring(html.replace("<br>", "<br/>"))
    assert [cell.text for cell in cells.iter("td")] == ["a", "7.8", "b", "9.1"]
    assert "Noise<br>HU" in html
    assert 'style="text-align: right">7.8<' in html
    assert [row.get("style") for row in cells.find("tbody") or ()] == ["font-weight: bold", ""]


def test_what_a_file_states_is_no_html() -> None:
    table = Table("<i>a</i>")
    table.add_row(Text("<script>\x1b[2J"))
    html = as_html([table, Text("  <b>note</b>\n  second", "yellow"), Text()])
    assert "<script" not in html
    assert "\x1b" not in html
    assert "&lt;b&gt;note&lt;/b&gt;" in html
    assert html.count("<p") == 2


def test_a_frame_has_a_row_a_row_and_warnings_as_text() -> None:
    pytest.importorskip("pandas")
    found = frame([{"score": 1 / 3, "warnings": ("a", "b")}, {"score": None, "warnings": ()}])
    assert found["warnings"].tolist() == ["a; b", ""]
    assert found["score"][0] == 1 / 3
    assert found["score"].isna().tolist() == [False, True]


def test_without_pandas_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda name: False)
    with pytest.raises(DistiliqaError, match=r"data frames need the extra notebook .*pip install"):
        frame([])

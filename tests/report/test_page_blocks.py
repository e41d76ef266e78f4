from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader, UndefinedError
from tests.support.disks import full_disk

from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report import page_blocks as page
from distiliqa.report.page_blocks import Cell, Heading, Row, write_page
from distiliqa.version import __version__

TEMPLATE = """
{% extends "base.html.j2" %}
{% from "table.html.j2" import table %}
{% block title %}{{ name }}{% endblock %}
{% block content %}{{ table("t", "caption", columns, rows) }}{% endblock %}
"""
MODEL = ModelConfig("tiny", "1.0", {}, 5, ScoreScale(0.0, 4.0, "made up by the tests"))
COLUMNS = [Heading("name"), Heading("n", "how many", numeric=True)]


@pytest.fixture(autouse=True)
def template(monkeypatch: pytest.MonkeyPatch) -> None:
    loaders = [page._TEMPLATES.loader, DictLoader({"try.html.j2": TEMPLATE})]
    monkeypatch.setattr(page._TEMPLATES, "loader", ChoiceLoader(loaders))


def written(path: Path, **content: object) -> str:
    given = {"name": "a page", "columns": COLUMNS, "rows": []} | content
    write_page(path, "try.html.j2", MODEL, **given)
    return path.read_text(encoding="utf-8")


def test_a_page_says_what_made_it_and_what_it_is_not(tmp_path: Path):
    text = written(tmp_path / "page.html")
    assert f"<b>distiliqa</b> {__version__}" in text
    assert "Research software, not a medical device." in text
    assert "<title>a page</title>" in text


def test_a_page_asks_nothing_of_the_network(tmp_path: Path):
    text = written(tmp_path / "page.html")
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=.?(https?:)?//|@import|url\(", text)


def test_text_is_escaped(tmp_path: Path):
    hostile = '<script>alert("1")</script>'
    row = Row([Cell(hostile, href=f"#{hostile}", title=hostile), hostile], id=hostile, mark=hostile)
    text = written(tmp_path / "page.html", name=hostile, rows=[row])
    assert "<script>alert" not in text
    assert '"1"' not in text
    assert text.count("&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;") == 7


def test_a_cell_leads_somewhere_where_it_should(tmp_path: Path):
    rows = [Row([Cell("one", href="#a"), "1"], id="r1", mark="out-of-domain"), Row(["two", "2"])]
    text = written(tmp_path / "page.html", rows=rows)
    assert (
        '<tr id="r1" class="out-of-domain"><td><a href="#a">one</a></td><td class="number">1</td>'
        in (text)
    )
    assert '<tr><td>two</td><td class="number">2</td></tr>' in text


def test_what_a_template_lacks_is_an_error(tmp_path: Path):
    with pytest.raises(UndefinedError, match="name"):
        write_page(tmp_path / "page.html", "try.html.j2", MODEL, columns=[], rows=[])
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(DistiliqaError, match=r"page\.html: cannot be written .*free some space"):
        written(tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []

"""What is printed is shown, and no terminal obeys it."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

import distiliqa
from distiliqa.terminal import OneLineFormatter, progress_bar, say, screen, track

SOURCE = Path(distiliqa.__file__).parent
HOSTILE = "[bold]a[/bold]:smile:\x1b[31m\x9b2J\u202e\u200b\ufeff\x07\udcff"
SHOWN = r"[bold]a[/bold]:smile:\x1b[31m\x9b2J\u202e\u200b\ufeff"


def test_a_line_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"{HOSTILE}\r\nerror: none")
    say(HOSTILE, err=True)
    out, err = capsys.readouterr()
    assert out == SHOWN + r"\x07\udcff\r\nerror: none" + "\n"
    assert err == SHOWN + r"\x07\udcff" + "\n"


def test_text_of_tables_is_no_markup_and_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE, no_wrap=True)
    table.add_row(HOSTILE)
    table.add_row(Text(HOSTILE))
    console = screen()
    console.width = 200
    console.print(table)
    console.print(Text(f"{HOSTILE}\nsecond", "bold"))
    shown = capsys.readouterr().out
    assert shown.count(SHOWN) == 5
    assert all(char.isprintable() for char in shown.replace("\n", ""))


def test_styles_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    console = screen()
    with console.capture() as captured:
        console.print(Text("plain", "bold"))
    assert captured.get() == "\x1b[1mplain\x1b[0m\n"


def test_a_line_of_a_log_is_one_line() -> None:
    record = logging.LogRecord("a", logging.INFO, "", 0, "from %s", ("A\n\x1b[31mB",), None)
    assert OneLineFormatter("%(message)s").format(record) == r"from A\n\x1b[31mB"


def printing() -> Iterator[str]:
    """The modules that print by other means, or make consoles of their own."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="print" | "Console")):
                    yield path.relative_to(SOURCE).as_posix()
                case ast.Call(func=ast.Attribute(attr="echo" | "secho")):
                    yield path.relative_to(SOURCE).as_posix()


def test_all_that_is_printed_goes_one_way() -> None:
    # The bars of progress show words of this package alone.
    assert set(printing()) == {"terminal.py"}


def test_a_pipe_gets_the_items_and_no_bar(capfd: pytest.CaptureFixture[str]):
    assert list(track(iter(range(3)), "Counting", total=3)) == [0, 1, 2]
    with progress_bar("reading", "scoring") as show:
        assert show is None
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert list(track(range(3), "Counting")) == [0, 1, 2]
    with progress_bar("reading", "scoring") as show:
        assert show is not None
        show(1, 2)
    shown = capfd.readouterr().err
    assert "Counting" in shown
    assert "scoring" in shown

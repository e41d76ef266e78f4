"""The terminal: all that is printed goes through here, so that it obeys nothing it is shown.

Names of files and models, tags, and what libraries say come from anywhere. A terminal takes some of
their characters for commands, and others turn the order of a line round or cannot be seen.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import typer
from rich.console import Console, ConsoleOptions, RenderableType, RenderHook
from rich.segment import Segment

from distiliqa.errors import one_line


def say(line: str, *, err: bool = False) -> None:
    """Print one line, on the standard error with ``err``; see `one_line`."""
    typer.echo(one_line(line), err=err)


def screen(*, err: bool = False) -> Console:
    """A console for tables and styled text, in which no text is markup or a command."""
    console = Console(stderr=err, highlight=False, markup=False, emoji=False)
    console.push_render_hook(_ShowAll())
    return console


class OneLineFormatter(logging.Formatter):
    """A line of a log in which all characters can be seen."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback, which follows it."""
        return one_line(super().formatMessage(record))


class _ShowAll(RenderHook):
    """Puts all that a console renders in an `_Escaped`."""

    def process_renderables(self, renderables: list) -> list:
        return [_Escaped(each) for each in renderables]


class _Escaped:
    """What ``content`` shows, with `one_line` of each piece of text; styles and layout stay."""

    def __init__(self, content: RenderableType) -> None:
        self.content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        for text, style, control in console.render(self.content, options):
            shown = text if control else "\n".join(map(one_line, text.split("\n")))
            yield Segment(shown, style, control)

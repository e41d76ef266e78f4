"""The terminal: lines, tables and progress bars, in which no text acts as a command.

Names of files and models, tags and messages of libraries come from anywhere. A terminal obeys some
of their characters, and others reverse a line or cannot be seen. So all is printed through here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderHook
from rich.segment import Segment

from distiliqa.errors import one_line

Item = TypeVar("Item")


def say(line: str, *, err: bool = False) -> None:
    """Print one line, on the standard error with ``err``; see `one_line`."""
    print(one_line(line), file=sys.stderr if err else sys.stdout, flush=True)


def screen(*, err: bool = False) -> Console:
    """A console for tables and styled text, in which no text is markup or a command."""
    console = Console(stderr=err, highlight=False, markup=False, emoji=False)
    console.push_render_hook(_EscapeAll())
    return console


def shows_bars() -> bool:
    """Whether progress bars are shown: the standard error is no log and no pipe."""
    return Console(stderr=True).is_terminal


@contextmanager
def progress_bar(
    first: str | None, then: str, *, quiet: bool = False
) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on the standard error; none in a log or a pipe.

    Parameters
    ----------
    first : label until the first call; None shows nothing until then.
    then : label from the first call on.

    Yields
    ------
    A function to call with the number done and the total; None where no bar is shown.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    if quiet or not shows_bars():
        yield None
        return
    columns = ("  {task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(first or "", total=None, visible=first is not None)
        yield lambda done, found: bar.update(
            task, description=then, completed=done, total=found, visible=True
        )


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield ``items`` while a progress bar counts them.

    Parameters
    ----------
    total : number of items; None for ``len(items)``, or unknown where it has none.
    """
    from rich.progress import track as track_on

    yield from track_on(
        items, description, total=total, console=Console(stderr=True), disable=not shows_bars()
    )


class OneLineFormatter(logging.Formatter):
    """A line of a log in which all characters can be seen."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback, which follows it."""
        return one_line(super().formatMessage(record))


class _EscapeAll(RenderHook):
    """Wraps all that a console renders in `_Escaped`."""

    def process_renderables(self, renderables: list) -> list:
        return [_Escaped(content) for content in renderables]


class _Escaped:
    """The content of a console, with `one_line` of each piece of text; styles and layout stay."""

    def __init__(self, content: RenderableType) -> None:
        self.content = content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        for text, style, control in console.render(self.content, options):
            shown = text if control else "\n".join(map(one_line, text.split("\n")))
            yield Segment(shown, style, control)

"""Progress bars on stderr: shown on a terminal, absent in a log or a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def progress_bar(
    first: str | None, then: str, *, quiet: bool = False
) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function to call with the number done and to do; None where no bar is shown.

    Parameters
    ----------
    first : label until the first call; None shows nothing until then.
    then : label from the first call on.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield None
        return
    columns = ("  {task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(first or "", total=None, visible=first is not None)
        yield lambda done, found: bar.update(
            task, description=then, completed=done, total=found, visible=True
        )


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield ``items`` while a bar counts them.

    Parameters
    ----------
    total : number of items; None for ``len(items)``, or unknown where it has none.
    """
    from rich.console import Console
    from rich.progress import track as track_on

    screen = Console(stderr=True)
    yield from track_on(
        items, description, total=total, console=screen, disable=not screen.is_terminal
    )

"""The progress bar of commands that score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    first: str | None, then: str, *, quiet: bool = False
) -> Iterator[Callable[[int, int], None] | None]:
    """What to call with the number done and to do; None where nobody would see it.

    Parameters
    ----------
    first, then : what is going on until the first call, where that is to be seen, and after it.
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

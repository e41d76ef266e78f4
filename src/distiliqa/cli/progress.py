"""The progress bar of commands that score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distiliqa.scoring.run import Progress


@contextmanager
def progress_bar(*, quiet: bool = False, start: str = "reading headers") -> Iterator[Progress]:
    """Yield what to call with the number of slices done and found; shown on a terminal only."""
    from rich import progress
    from rich.console import Console

    screen = Console(stderr=True)
    columns = (
        "  {task.description}",
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    hidden = quiet or not screen.is_terminal
    with progress.Progress(*columns, console=screen, transient=True, disable=hidden) as bar:
        task = bar.add_task(start, total=None)

        def show(done: int, found: int) -> None:
            bar.update(task, description="scoring", completed=done, total=found)

        yield show

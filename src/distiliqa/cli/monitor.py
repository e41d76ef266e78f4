"""``distiliqa monitor``: the image quality of protocols over time."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.cli.options import ModelOption
from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.terminal import progress_bar, say

if TYPE_CHECKING:
    from distiliqa.monitor import Monitor, Tally


def monitor(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to watch.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", help="Keep monitor.sqlite and trend.html here."),
    ],
    every: Annotated[
        float, typer.Option(min=1, help="Seconds between two checks of the folder.")
    ] = 60,
    once: Annotated[
        bool, typer.Option("--once", help="Score new files and exit, as for cron.")
    ] = False,
    model: ModelOption = "compact",
    settle: Annotated[
        float, typer.Option(min=0, help="Seconds without change before a file counts as complete.")
    ] = 10,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name series and files in trend.html.")
    ] = False,
) -> None:
    """Watch a folder: score new files, keep the scores, and chart the trend of each protocol.

    A new start continues the work, and no file is scored twice. A file that fails is tried three
    times, and again when it changes. A file that cannot be opened is tried until it can.

    Exit status. 0: ended by Ctrl-C or SIGTERM. 2: the folder cannot be used.
    With --once, 0: no file failed; some may still be being written. 1: some files failed. 2: the
    folder cannot be used. 130: interrupted.
    """
    from distiliqa.monitor import monitor as open_monitor

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open_monitor(folder, out, model, settle=settle, identify=identify) as running:
        if once:
            _once(running, settle)
        else:
            _go_on(running, every, settle)


def _once(running: Monitor, settle: float) -> None:
    """Check the folder, and check new files a second time, to detect those still being written."""
    looks = [_look(running)]
    if looks[0].waiting:
        time.sleep(settle)
        looks.append(_look(running))
    if waiting := looks[-1].waiting:
        say(f"still being written: {waiting} of the files; run it again", err=True)
    if any(found.failed for found in looks):
        raise typer.Exit(1)


def _go_on(running: Monitor, every: float, settle: float) -> None:
    """Check the folder until interrupted; a full disk or a missing share may come back."""
    say(f"watching {running.watch.folder}; Ctrl-C ends it", err=True)
    try:
        while True:
            time.sleep(_pause(running, every, settle))
    except KeyboardInterrupt:
        say("ended; the scores are kept", err=True)


def _pause(running: Monitor, every: float, settle: float) -> float:
    """Check the folder once; returns the seconds until the next check."""
    try:
        waiting = _look(running).waiting
    except ModelFolderError:
        raise
    except DistiliqaError as error:
        say(f"error: {error}; trying again in {every:g} s", err=True)
        return every
    return min(every, max(settle, 1)) if waiting else every


def _look(running: Monitor) -> Tally:
    with progress_bar(None, "files") as show:
        found = running.look(show)
    _report(found)
    return found


def _report(found: Tally) -> None:
    from distiliqa.report.formatting import slice_count

    for path, reason in found.failed:
        say(f"failed: {path}: {reason}", err=True)
    first = {reason: path for path, reason in reversed(found.left_out)}
    for reason, count in Counter(reason for _, reason in found.left_out).items():
        more = f" and {count - 1} more" if count > 1 else ""
        say(f"left out: {first[reason]}{more}: {reason}", err=True)
    if found.slices:
        say(f"{slice_count(found.slices)} of {len(found.series)} series scored")
    for alarm in found.alarms:
        say(alarm)

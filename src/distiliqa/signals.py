"""Signals that ask a process to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `KeyboardInterrupt` as Ctrl-C does, so that all is tidied up.

    Where something else was asked for, such as by nohup, it stays so. Only the main thread gets
    signals; in others this does nothing.
    """
    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    unset = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in unset:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in unset:
            signal.signal(number, signal.SIG_DFL)

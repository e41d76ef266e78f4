"""Watch a folder: score what is new, keep it in SQLite, and draw how quality goes with time."""

from distiliqa.monitor.run import Monitor, Tally, open_monitor

__all__ = ["Monitor", "Tally", "open_monitor"]

"""Watch a folder: score new files, keep the scores in SQLite, and draw the trend of quality."""

from distiliqa.monitor.run import Monitor, Tally, monitor

__all__ = ["Monitor", "Tally", "monitor"]

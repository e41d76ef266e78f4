"""Watch a folder: score new files, keep the scores in SQLite, and draw the trend of quality."""

from distiliqa.monitor.run import Monitor, monitor
from distiliqa.monitor.tally import Tally

__all__ = ["Monitor", "Tally", "monitor"]

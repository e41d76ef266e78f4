"""Shared parts of the benchmarks: turns, figures, the machine, the page."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))  # the body phantom is in tools

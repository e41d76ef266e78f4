"""From a cold start to the first score, and how much of it imports are.

    python benchmarks/cold_start.py [--json FILE]

Fresh processes, one after the other: Python alone, the imports, and one slice of the example series
scored by the command line.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from bench.figures import Figure, Found, main
from distiliqa.cli.example import EXAMPLE_SERIES

ROUNDS = 7
IMPORTS = "import distiliqa.cli, distiliqa.scoring.run, distiliqa.report"
RUNS = {
    "python": ["-c", "pass"],
    "imports": ["-c", IMPORTS],
    "score": ["-m", "distiliqa", "score", str(next(EXAMPLE_SERIES.rglob("*.dcm"))), "--quiet"],
    "library": ["-c", f"import distiliqa; distiliqa.score({str(EXAMPLE_SERIES)!r})"],
}


def measure() -> Found:
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    for turn in range(ROUNDS + 1):
        for name, arguments in RUNS.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            if turn:  # the first reads the files from disk
                seconds[name].append(time.perf_counter() - begin)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    figures = [
        Figure("process start to the first score, command line", median["score"], "s", at_most=1.5),
        Figure(
            "of which imports", median["imports"] - median["python"], "s", at_most=0.6,
            note="command line, scoring and reports, less Python's own start",
        ),
        Figure("process start to the example series scored, Python", median["library"], "s"),
        Figure("start of Python itself", median["python"], "s"),
    ]  # fmt: skip
    return Found("Cold start", f"Median of {ROUNDS} fresh processes; files in the cache.", figures)


if __name__ == "__main__":
    main(measure, __doc__)

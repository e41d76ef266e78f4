"""From the command to the first score, in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.figures import Figure, Found, main
from bench.rounds import side_by_side
from bench.slices import write_slices

ROUNDS = 7
# What `distiliqa score` has imported when the first score is there.
_IMPORTS = """
import time
begin = time.perf_counter()
import distiliqa.cli, distiliqa.cli.score
from distiliqa.scoring.model import load_model
from distiliqa.scoring.run import score_inputs
print(time.perf_counter() - begin)
"""


def measure() -> Found:
    """Start the program again and again, and its imports alone in turn with it."""
    imports: list[float] = []
    with TemporaryDirectory() as folder:
        file = next(write_slices(Path(folder), 1).iterdir())
        score = ("-m", "distiliqa", "score", str(file), "--quiet")
        seconds = side_by_side(
            {
                "score": lambda: _python(*score),
                "imports": lambda: imports.append(float(_python("-c", _IMPORTS))),
                "python": lambda: _python("-c", ""),
            },
            ROUNDS,
        )
    figures = [
        Figure(
            "distiliqa score FILE, fresh process",
            median(seconds["score"]),
            "s",
            at_most=1.5,
            note="from the start of Python to its end",
        ),
        Figure("of which imports", median(imports), "s", at_most=0.6),
        Figure("of which Python itself", median(seconds["python"]), "s"),
    ]
    about = "One slice of DICOM; files are in the cache of the system, as on the second call."
    return Found("Cold start", about, figures)


def _python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main(measure, __doc__)

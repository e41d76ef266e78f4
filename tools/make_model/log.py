"""Log of a model: when each step ran, with what, and what came out. It names no path.

2026-11-29T03:01:12Z start simulate key 0f3a...
2026-11-29T03:40:50Z done  simulate 2378 s, 4511 CPU-s; images 7012; results 77be...
"""

from __future__ import annotations

import platform
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distiliqa.cores import cores
from distiliqa.files import cannot_write, make_folder
from distiliqa.version import __version__

FILE = "log.txt"
_PACKAGES = ("torch", "lightning", "numpy", "scipy", "scikit-image", "onnxruntime")
_SHORT = 12  # characters of a hash


class Log:
    """Text file to which lines are added."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path.parent)

    def add(self, event: str, *facts: str) -> None:
        """Add a line. Raises `DistiliqaError` where the file cannot be written."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(" ".join((now, f"{event:<7}", *facts)) + "\n")
        except OSError as error:
            raise cannot_write(self.path, error) from error

    @contextmanager
    def step(self, name: str, key: str) -> Iterator[dict[str, Any]]:
        """Log a step with its duration; what the caller puts into the dictionary is logged too."""
        self.add("start", name, f"key {key[:_SHORT]}")
        figures: dict[str, Any] = {}
        wall, cpu = time.monotonic(), _cpu_seconds()
        try:
            yield figures
        except BaseException as error:
            self.add("stopped", name, f"{time.monotonic() - wall:.0f} s;", type(error).__name__)
            raise
        used = f"{time.monotonic() - wall:.0f} s, {_cpu_seconds() - cpu:.0f} CPU-s"
        self.add("done", name, "; ".join((used, *_words(figures))))


def versions() -> str:
    """Commit and versions that decide the weights, and the number of cores."""
    facts = [f"distiliqa {__version__}", f"commit {_commit()}"]
    facts += [f"python {platform.python_version()}"]
    facts += [f"{name} {version(name)}" for name in _PACKAGES]
    facts += [f"{platform.machine()}", f"{cores()} cores"]
    return ", ".join(facts)


def _words(figures: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in figures.items()
    ]


def _cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _commit() -> str:
    """Short hash of the commit of this checkout, with + where files differ from it."""
    folder = Path(__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--exclude=*", "--abbrev=12"],
            cwd=folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()

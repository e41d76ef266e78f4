"""Run of a function in its own process: result and memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

_BENCHMARKS = Path(__file__).resolve().parents[1]


class Alone(NamedTuple):
    """Result of a function, and the peak memory of its process, MiB."""

    result: Any
    peak_mib: float


def alone(
    module: str,
    function: str,
    *arguments: Any,
    cores: int | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 600,
) -> Alone:
    """Call ``function(*arguments)`` of a benchmark in a fresh process.

    Parameters
    ----------
    arguments : JSON can hold them, as what is given back.
    cores : that the process may use, where the system can say so; None for all.
    environment : variables that it gets besides those of this process.

    Raises
    ------
    RuntimeError : it failed; with the last line that it wrote.
    """
    task = json.dumps([module, function, arguments, cores])
    done = subprocess.run(
        [sys.executable, "-m", "bench.alone", task],
        cwd=_BENCHMARKS,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["ended without a word"])[-1])
    return Alone(*json.loads(done.stdout.splitlines()[-1]))


def peak_mib() -> float:
    """The most memory that this process held, MiB.

    Linux counts what the parent held into ``ru_maxrss``, so that its own count is taken there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if "VmHWM" in line)
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _main() -> None:
    module, function, arguments, cores = json.loads(sys.argv[1])
    if cores is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    result = getattr(import_module(module), function)(*arguments)
    print(json.dumps([result, peak_mib()]))


if __name__ == "__main__":
    _main()

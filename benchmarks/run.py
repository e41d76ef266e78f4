"""All benchmarks, one after the other: ``make bench``.

    python benchmarks/run.py [NAME ...]

Each is a process of its own. One that fails is told in the results and the others go on. Writes
``benchmarks/results/latest.json`` and ``latest.md``, ``docs/performance.md`` and its plots.
With names, only these are measured anew; the others stay as they were.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import Found
from bench.machine import machine
from bench.page import draw, page, table
from distiliqa.files import make_folder, write_json, write_text

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PLOTS = ROOT / "docs" / "images" / "performance"
ALL = (
    "scoring", "end_to_end", "cold_start", "peers", "training", "validation_curves",
    "preprocessing", "simulation", "archive", "growth",
)  # fmt: skip
LIMIT_S = 600


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("names", nargs="*", choices=[*ALL, []], help="which of them")
    chosen = options.parse_args().names or list(ALL)
    latest = RESULTS / "latest.json"
    known = json.loads(latest.read_text(encoding="utf-8")) if latest.is_file() else {}
    measured: dict[str, Any] = known.get("measured", {}) if len(chosen) < len(ALL) else {}
    facts, begin = machine(), time.monotonic()
    for name in chosen:
        print(f"== {name}", flush=True)
        measured[name] = {**_measured(name), "machine": facts}
    write(measured, facts)
    print(
        f"\n{(time.monotonic() - begin) / 60:.1f} minutes; see {latest.relative_to(ROOT)}, ", end=""
    )
    print("benchmarks/results/latest.md and docs/performance.md")
    if any(found.get("failed") for found in measured.values()):
        sys.exit(1)


def _measured(name: str) -> dict[str, Any]:
    """What a benchmark found; where it failed, why."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.json"
        command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--json", str(path)]
        try:
            code: object = subprocess.run(command, timeout=LIMIT_S, check=False).returncode
        except subprocess.TimeoutExpired:
            code = f"no end after {LIMIT_S} s"
        if path.is_file():
            found = json.loads(path.read_text(encoding="utf-8"))
        else:
            found = asdict(Found(name, f"It failed: {code}.")) | {"failed": True}
    return found | {"seconds": round(time.monotonic() - begin, 1)}


def write(measured: dict[str, Any], facts: dict[str, object]) -> None:
    """The files that tell what was measured."""
    ordered = [measured[name] for name in ALL if name in measured]
    results = {"machine": facts, "benchmarks": ordered}
    make_folder(RESULTS)
    make_folder(PLOTS)
    curves = [curve for found in ordered for curve in found["curves"]]
    plots = {
        curve["title"]: draw(curve, PLOTS).relative_to(ROOT / "docs").as_posix() for curve in curves
    }
    write_json(RESULTS / "latest.json", {"machine": facts, "measured": measured})
    write_text(RESULTS / "latest.md", table(results))
    write_text(ROOT / "docs" / "performance.md", page(results, plots))


if __name__ == "__main__":
    main()

"""Run all benchmarks, one after the other, and write what they find.

Each is a program of its own. One that fails or takes too long is reported in the results, and the
others go on. This writes ``benchmarks/results/latest.json`` and ``.md`` after each, and in the end
``docs/performance.md`` and its plots. With names of benchmarks, it runs and prints those alone.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Found, read_found
from bench.machine import machine
from bench.page import page, short, table, without_places
from bench.plots import draw, picture_name
from distiliqa.files import write_json, write_text

BENCHMARKS = (
    "end_to_end",
    "cold_start",
    "scoring",
    "compact_graphs",
    "instruction_sets",
    "measuring",
    "training",
    "validation_curves",
    "preprocessing",
    "simulation",
    "archive",
    "serving",
    "peers",
    "growth",
)
_HERE = Path(__file__).resolve().parent
RESULTS, DOCS = _HERE / "results", _HERE.parent / "docs"
PICTURES = DOCS / "images" / "performance"
LONGEST, ALL = 400, 1180  # seconds: of one benchmark, and of all of them


def main() -> None:
    """Measure, write the results, and print where they are."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    names = options.parse_args().names or BENCHMARKS
    if unknown := set(names) - set(BENCHMARKS):
        options.error(f"no benchmark {', '.join(sorted(unknown))}")
    facts, begin = machine(), time.monotonic()
    results: dict[str, Found] = {}
    failed: dict[str, str] = {}
    for name in names:
        left = ALL - (time.monotonic() - begin)
        print(f"== {name}", flush=True)
        try:
            results[name] = run(name, min(LONGEST, left))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            failed[name] = _reason(error)
            print(f"failed: {failed[name]}")
        print(f"after {time.monotonic() - begin:.0f} s", flush=True)
        if tuple(names) == BENCHMARKS:  # after each, so that an interrupted run keeps its results
            written = write_results(results, failed, facts)
    print("\n" + table(results, failed))
    if tuple(names) == BENCHMARKS:
        written = (*written, write_page(results, failed, facts))
        print("\nwritten: " + ", ".join(map(short, written)))
    sys.exit(1 if failed else 0)


def run(name: str, seconds: float) -> Found:
    """Run one benchmark; raises `RuntimeError` or `TimeoutExpired` where it gives nothing."""
    if seconds <= 0:
        raise RuntimeError("no time was left for it")
    with TemporaryDirectory() as folder:
        file = Path(folder, "found.json")
        command = [sys.executable, str(_HERE / f"{name}.py"), "--json", str(file)]
        errors = _ended(command, seconds)
        if errors is not None or not file.exists():
            sys.stderr.write(errors or "")
            raise RuntimeError(((errors or "").strip().splitlines() or ["without a word"])[-1])
        found = read_found(json.loads(file.read_text(encoding="utf-8")))
    return replace(found, left_out=list(map(without_places, found.left_out)))


def _ended(command: list[str], seconds: float) -> str | None:
    """Wait for a program; what it wrote to stderr if it failed, else None.

    One that takes too long is ended together with the processes that it started.
    """
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        _, errors = process.communicate(timeout=seconds)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return errors if process.returncode else None


def write_results(
    results: dict[str, Found], failed: dict[str, str], facts: dict[str, str]
) -> tuple[Path, ...]:
    """Write what the benchmarks found so far; returns the files written."""
    record = {name: asdict(found) for name, found in results.items()}
    content = {"machine": facts, "benchmarks": record, "failed": failed}
    lines = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    files = RESULTS / "latest.json", RESULTS / "latest.md"
    write_json(files[0], content)
    write_text(files[1], f"{lines}\n\n{table(results, failed)}\n")
    return files


def write_page(results: dict[str, Found], failed: dict[str, str], facts: dict[str, str]) -> Path:
    """Write the page of the documentation with its plots, once all benchmarks have ended."""
    path = DOCS / "performance.md"
    write_text(path, page(results, failed, facts, _draw_all(results)))
    return path


def _draw_all(results: dict[str, Found]) -> dict[str, str]:
    """Plot the curves; where each plot is, relative to the page, by the title of its curve."""
    pictures = {}
    for curve in (curve for found in results.values() for curve in found.curves):
        path = PICTURES / picture_name(curve)
        draw(curve, path)
        pictures[curve.title] = path.relative_to(DOCS).as_posix()
    for old in set(PICTURES.glob("*.svg")) - {DOCS / place for place in pictures.values()}:
        old.unlink()
    return pictures


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"stopped after {error.timeout:.0f} s"
    return without_places(" ".join(str(error).split())[:200])


if __name__ == "__main__":
    main()

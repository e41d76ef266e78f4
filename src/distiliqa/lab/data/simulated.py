"""Rated data set from normal-dose CT alone: simulated images, labels, lists and manifest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import torch

from distiliqa.ct.listing import Problem
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.files import make_folder, sha256, write_csv, write_json
from distiliqa.jobs import run_jobs
from distiliqa.lab.data.rated_folder import (
    DATASET,
    MANIFEST,
    TEST,
    TRAIN,
    Journal,
    Summary,
    remove_lists,
    stamp,
)
from distiliqa.lab.data.simulated_row import SimulatedRow
from distiliqa.lab.data.simulated_slice import Plan, simulate_slice
from distiliqa.lab.data.simulation_recipe import SimulationRecipe
from distiliqa.simulate.dicom_files import check_targets
from distiliqa.version import __version__

REPORT, JOURNAL = "simulate-dataset.json", "simulate-dataset.jsonl"


def simulate_dataset(
    source: Path,
    files: Sequence[Path],
    out: Path,
    recipe: SimulationRecipe,
    *,
    jobs: int | None = None,
) -> Summary:
    """Make a rated data set of the normal-dose DICOM slices ``files`` of the folder ``source``.

    ``dataset.json``, ``train.json`` and ``test.json`` map the path of an image to its score, 0 to
    4; ``manifest.csv`` has a `SimulatedRow` for each, and a `QualityMap` lies beside it. Slices
    that an earlier run of the same recipe did are not done again. Processes are spawned: a script
    that calls this needs ``if __name__ == "__main__"``.

    Parameters
    ----------
    jobs : processes; all cores when None.

    Raises
    ------
    DistiliqaError : a test case without a slice, ``out`` is ``source``, two files whose images
        would lie in one place, no scale or weights where the recipe names them, or an output that
        cannot be written.
    """
    if out.resolve() == source.resolve():
        raise DistiliqaError(
            "holds the normal-dose slices", path=out, remedy="give a folder of its own by --out"
        )
    plan = Plan(source, out, recipe, recipe.reader_scale(), recipe.processing.weights())
    check_targets((path, plan.image(path, 0, 0, 0)) for path in files)
    make_folder(out)
    journal = Journal(out / JOURNAL)
    known = {path: journal.find(_stamp(plan, path)) for path in files}
    pending = [path for path in files if known[path] is None]
    if pending:
        remove_lists(out, REPORT)
    problems = []
    work = partial(simulate_slice, plan=plan)
    for index, outcome in run_jobs(work, pending, jobs=jobs, description="simulating"):
        path = pending[index]
        if isinstance(outcome, CTReadError):
            problems.append(Problem(str(outcome.path), outcome.problem))
        else:
            entry = {"rows": outcome, "sha256": sha256(path)}
            journal.enter(_stamp(plan, path), entry)
            known[path] = entry
    done = {path: found for path, found in known.items() if found is not None}
    rows = [SimulatedRow(*row) for found in done.values() for row in found["rows"]]
    lists = _lists(rows, recipe.test_cases)
    for name, images in lists.items():
        write_json(out / name, images)
    write_csv(out / MANIFEST, SimulatedRow._fields, rows)
    counts = {"images": len(rows), "train": len(lists[TRAIN]), "test": len(lists[TEST])}
    _report(plan, counts, {str(path): found["sha256"] for path, found in done.items()}, problems)
    reused = len(files) - len(pending)
    return Summary(out, **counts, reused=reused, problems=tuple(sorted(problems)))


def _stamp(plan: Plan, path: Path) -> str | None:
    recipe = plan.recipe.model_dump(mode="json", exclude={"test_cases"})
    images = plan.images(path)
    maps = [image.with_suffix(".npz") for image in images]
    return stamp((__version__, recipe, plan.scale.knots), (path, *plan.weights, *images, *maps))


def _lists(rows: Sequence[SimulatedRow], test_cases: Sequence[str]) -> dict[str, dict[str, float]]:
    cases = {row.case for row in rows}
    for case in test_cases:
        if case not in cases:
            raise DistiliqaError(
                f"no slice of the test case {case}",
                remedy=f"choose from {', '.join(sorted(cases))}",
            )
    return {
        DATASET: {row.path: row.score for row in rows},
        TRAIN: {row.path: row.score for row in rows if row.case not in test_cases},
        TEST: {row.path: row.score for row in rows if row.case in test_cases},
    }


def _report(
    plan: Plan, counts: dict[str, int], hashes: dict[str, str], problems: Iterable[Problem]
) -> None:
    report = {
        "version": __version__,
        "torch": torch.__version__,
        "scale": plan.scale.knots,
        "weights": {file.name: sha256(file) for file in plan.weights},
        "recipe": plan.recipe.model_dump(mode="json"),
        **counts,
        "problems": [problem._asdict() for problem in problems],
        "sha256": hashes,
    }
    write_json(plan.out / REPORT, report)

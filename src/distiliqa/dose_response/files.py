"""``dose-response.csv``, one row an image, and ``dose-response.json``, all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from distiliqa.ct import Problem
from distiliqa.dose_response.answers import ASSUMPTIONS, NO_SLICE, verdict
from distiliqa.dose_response.basis import Basis
from distiliqa.dose_response.page import write_html
from distiliqa.dose_response.result import DoseResponse
from distiliqa.files import write_json
from distiliqa.report.column import Column
from distiliqa.report.columns import row_of, slice_columns
from distiliqa.report.csv import write_table
from distiliqa.report.each_file import unwritten, write_files
from distiliqa.report.json import model_facts, rounded, settings
from distiliqa.version import __version__


def _names(columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


OF_A_SLICE = slice_columns("path", "slice", "position_mm")
SCORED = slice_columns("score", "interval_low", "interval_high", "noise_hu", "outside")
ADDED = slice_columns("sop_instance_uid", "processed", "raw_score", "dprime")
COLUMNS = (*_names(OF_A_SLICE), "dose", *_names(SCORED), *_names(ADDED))


def write_response(found: DoseResponse, folder: Path) -> list[Problem]:
    """Write ``dose-response.csv``, ``.json`` and ``.html``, each whole or not at all.

    Returns
    -------
    The files that could not be written, with the reason.
    """
    writers: dict[Path, Callable[[Path], object]] = {
        folder / "dose-response.csv": lambda path: write_scores(path, found),
        folder / "dose-response.json": lambda path: write_json(path, response_record(found)),
        folder / "dose-response.html": lambda path: write_html(path, found),
    }
    return unwritten(write_files(writers))


def write_scores(path: Path, found: DoseResponse) -> None:
    """Write one row an image, from full dose down: ``dose`` is relative, the rest as in
    ``scores.csv``.
    """
    write_table(path, COLUMNS, response_rows(found))


def response_rows(found: DoseResponse) -> Iterator[dict[str, Any]]:
    """Give the rows of ``dose-response.csv``, not rounded."""
    columns = (*OF_A_SLICE, *SCORED, *ADDED)
    for point in found.points:
        for slice_ in point.slices:
            row = row_of(columns, slice_) | {"dose": point.dose}
            yield {name: row[name] for name in COLUMNS}


def response_record(found: DoseResponse) -> dict[str, Any]:
    """The content of ``dose-response.json``: answers, curve, what it assumes, where it is from."""
    return {
        "distiliqa": __version__,
        "model": model_facts(found.model),
        "settings": settings(found.model) | {"input": found.source, "seed": found.seed},
        "complete": found.complete and not found.failed,
        "slices": {
            "found": found.found,
            "counted": found.counted,
            "with_noise_hu": found.noise_hu.slices,
            "with_dprime": found.dprime.slices,
            "outside_at_full_dose": found.left_out,
            "processed_at_full_dose": found.processed,
        },
        "at_least": found.least,
        "max_noise_hu": found.max_noise_hu,
        "min_dprime": found.min_dprime,
        "verdict": verdict(found),
        "answers": [_answer(found, basis) for basis in found.bases]
        + [_unjudged(basis) for basis in found.unjudged],
        "doses": [_point(found, number) for number in range(len(found.points))],
        "ctdivol_mgy": rounded(found.ctdivol_mgy),
        "assumptions": list(ASSUMPTIONS),
        "failed": [problem._asdict() for problem in found.failed],
        "sha256": found.sha256,
    }


def _answer(found: DoseResponse, basis: Basis) -> dict[str, Any]:
    lowest = found.lowest(basis)
    return {
        "basis": basis.name,
        "goal": basis.goal,
        "slices": found.counted - basis.missing,
        "lowest_dose": rounded(lowest.dose),
        "bound": lowest.bound,
        "at_half_dose": rounded(found.at(basis, 0.5)),
        "reason": None,
    }


def _unjudged(basis: Basis) -> dict[str, Any]:
    empty = dict.fromkeys(("lowest_dose", "bound", "at_half_dose"))
    return {"basis": basis.name, "goal": basis.goal, "slices": 0, **empty, "reason": NO_SLICE}


def _point(found: DoseResponse, number: int) -> dict[str, Any]:
    point = found.points[number]
    return {
        "dose": point.dose,
        "mean": rounded(point.mean),
        "interval": rounded(point.interval),
        "predicted": rounded(point.predicted),
        "noise_hu": rounded(found.noise_hu.at(number)),
        "outside": sum(slice_.out_of_domain for slice_ in point.slices),
        "worst_tenth": rounded(point.worst_tenth(found.model.scale)),
        "dprime": rounded(found.dprime.at(number)),
    }

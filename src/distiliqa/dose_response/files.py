"""``dose-response.csv``, one row an image, and ``dose-response.json``, all of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from distiliqa.dose_response.result import DosePoint, DoseResponse
from distiliqa.dose_response.words import ASSUMPTIONS
from distiliqa.report.csv import cells, open_csv
from distiliqa.report.json import model_facts, rounded, settings
from distiliqa.version import __version__

COLUMNS = (
    "path",
    "slice",
    "position_mm",
    "dose",
    "score",
    "interval_low",
    "interval_high",
    "noise_hu",
    "outside",
)


def write_scores(path: Path, found: DoseResponse) -> None:
    """Write one row an image, from full dose down: ``dose`` is relative, the rest as in
    ``scores.csv``.
    """
    with open_csv(path) as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for point in found.points:
            for each in point.slices:
                low, high = each.interval or (None, None)
                row = (each.path, each.frame, each.position_mm, point.dose, each.score, low, high)
                values = (*row, each.noise_hu, each.outside)
                writer.writerow(cells(dict(zip(COLUMNS, values, strict=True))))


def response_record(found: DoseResponse) -> dict[str, Any]:
    """The content of ``dose-response.json``: answers, curve, what it assumes, where it is from."""
    return {
        "distiliqa": __version__,
        "model": model_facts(found.model),
        "settings": settings(found.model) | {"input": found.source, "seed": found.seed},
        "complete": found.complete and not found.failed,
        "slices": {
            "found": found.found,
            "counted": len(found.points[0].slices),
            "outside_at_full_dose": found.left_out,
        },
        "at_least": found.least,
        "answers": [_answer(found, number) for number in range(len(found.bases))],
        "doses": [_point(point) for point in found.points],
        "ctdivol_mgy": rounded(found.ctdivol_mgy),
        "assumptions": list(ASSUMPTIONS),
        "failed": [each._asdict() for each in found.failed],
        "sha256": found.sha256,
    }


def _answer(found: DoseResponse, number: int) -> dict[str, Any]:
    basis = found.bases[number]
    lowest = found.lowest(basis)
    return {
        "basis": basis.name,
        "lowest_dose": rounded(lowest.dose),
        "bound": lowest.bound,
        "at_half_dose": rounded(found.at(basis, 0.5)),
    }


def _point(point: DosePoint) -> dict[str, Any]:
    return {
        "dose": point.dose,
        "mean": rounded(point.mean),
        "interval": rounded(point.interval),
        "predicted": rounded(point.predicted),
        "noise_hu": rounded(point.noise_hu),
        "outside": sum(each.outside for each in point.slices),
    }

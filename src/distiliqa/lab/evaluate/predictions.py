"""Predictions to evaluate, and the table that they are read from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.foreign_text import read_csv
from distiliqa.lab.data.ratings import RatedImage


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores of images, and what else their source knows of them.

    Attributes
    ----------
    scores : (n,).
    intervals : (n, 2), prediction intervals, NaN for an image without one; None where not known.
    coverage : share of labels that the intervals should hold; None where not known.
    out_of_domain : (n,), bool; None where not known.
    scale : lowest and highest score of the model; None where not known.
    """

    scores: NDArray[np.float64]
    intervals: NDArray[np.float64] | None = None
    coverage: float | None = None
    out_of_domain: NDArray[np.bool_] | None = None
    scale: tuple[float, float] | None = None


# As `distiliqa evaluate`, `distiliqa score` and the published code write them.
_COLUMNS = (("image", "pred"), ("path", "score"), ("patient", "pred"))
_LOW, _HIGH, _DISTANCE = "interval_low", "interval_high", "distance"  # as in ``scores.csv``


class _Row(NamedTuple):
    path: PurePath
    score: float
    interval: tuple[float, float]
    distance: float


def read_predictions(path: Path, images: Sequence[RatedImage]) -> Predictions:
    """Predictions of ``images`` from a CSV file.

    The columns are ``image, pred`` (as in ``eval_info.csv``) or ``path, score`` (as in
    ``scores.csv``) or ``patient, pred`` (as in the published ``eval_info.csv``); those of intervals
    and distances are read where they are. A row is an image's if one path ends with the other,
    compared by folders: the name of the image with or without its extension, or its file. Rows of
    other images are ignored.

    Raises
    ------
    DistiliqaError : the file cannot be read, a prediction is not a number, an image has no row or
        several, a row matches several images.
    """
    rows = _read_rows(path)
    by_name: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        by_name.setdefault(row.path.name, []).append(i)
    chosen: dict[int, str] = {}
    for image in images:
        i = _find_row(image, rows, by_name, path)
        if i in chosen:
            raise DistiliqaError(
                f"the row {quoted(str(rows[i].path))} matches {quoted(chosen[i])} "
                f"and {quoted(image.name)}",
                path=path,
                remedy="name images by their path in the data folder",
            )
        chosen[i] = image.name
    return _predictions([rows[i] for i in chosen])


def _predictions(rows: Sequence[_Row]) -> Predictions:
    intervals, distances = np.array([row.interval for row in rows]), [row.distance for row in rows]
    return Predictions(
        scores=np.array([row.score for row in rows]),
        intervals=intervals if np.isfinite(intervals).any() else None,
        out_of_domain=np.array(distances) > 1 if np.isfinite(distances).any() else None,
    )


def _find_row(
    image: RatedImage, rows: list[_Row], by_name: dict[str, list[int]], path: Path
) -> int:
    name = PurePath(image.name)
    names = {name, name.with_name(image.path.name)}
    candidates = sorted({i for known in names for i in by_name.get(known.name, [])})
    exact = [i for i in candidates if rows[i].path in names]
    found = exact or [
        i
        for i in candidates
        if any(_ends_with(rows[i].path, known) for known in names)
        or _ends_with(image.path.resolve(), rows[i].path)
    ]
    if len(found) != 1:
        raise DistiliqaError(
            f"{len(found) or 'no'} rows for the image {quoted(image.name)}",
            path=path,
            remedy="give one prediction for every rated image",
        )
    return found[0]


def _ends_with(path: PurePath, ending: PurePath) -> bool:
    return path.parts[-len(ending.parts) :] == ending.parts


def _read_rows(path: Path) -> list[_Row]:
    header, rows = read_csv(path)
    columns = next((pair for pair in _COLUMNS if set(pair) <= set(header)), None)
    if columns is None:
        raise DistiliqaError(
            f"has the columns {', '.join(header) or 'none'}",
            path=path,
            remedy="name the columns image and pred, or path and score",
        )
    name, score = columns
    return [_row(row, name, score, line, path) for line, row in rows]


def _row(row: Mapping[str, str], name: str, score: str, line: int, path: Path) -> _Row:
    low, high, distance = (
        _number(row[column], line, path) if row.get(column) else math.nan
        for column in (_LOW, _HIGH, _DISTANCE)
    )
    return _Row(PurePath(row[name]), _number(row[score], line, path), (low, high), distance)


def _number(text: str, line: int, path: Path) -> float:
    try:
        number = math.nan if "_" in text else float(text)  # Python takes 1_0 for 10
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DistiliqaError(
            f"line {line}: {quoted(text)} is not a finite number", path=path, remedy="correct it"
        )
    return number

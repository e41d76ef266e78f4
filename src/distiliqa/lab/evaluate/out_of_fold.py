"""Out-of-fold predictions: each image rated by a network that did not learn from its patient.

Pooled over folds, they are one prediction for every image. A mean over folds and its standard
deviation show how much the choice of patients matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.files import write_csv
from distiliqa.foreign_text import read_csv
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.statistics.agreement import FIGURES, agreement

PREDICTIONS = "out_of_fold.csv"
TABLE = "cross_validation.csv"
POOLED, MEAN, SD = "pooled", "mean", "sd"
COLUMNS = ("seed", "fold", "n", *FIGURES)


class OutOfFold(NamedTuple):
    """Prediction of one image; case and source are empty where unknown."""

    image: str
    case: str
    source: str
    fold: int
    true: float
    pred: float


Row = dict[str, str | int | float | None]


def rows_of_fold(
    images: Sequence[RatedImage], positions: Sequence[int], fold: int, predicted: ArrayLike
) -> list[OutOfFold]:
    """Rows of the images at some positions, with their predictions (n,)."""
    scores = np.asarray(predicted, np.float64).tolist()
    return [
        OutOfFold(image.name, image.case or "", image.source or "", fold, image.score, score)
        for image, score in zip((images[at] for at in positions), scores, strict=True)
    ]


def write_out_of_fold(path: Path, rows: Iterable[OutOfFold]) -> None:
    """Write rows as CSV; `distiliqa evaluate --predictions` reads them."""
    write_csv(path, OutOfFold._fields, rows)


def read_out_of_fold(path: Path) -> list[OutOfFold]:
    """Read rows that `write_out_of_fold` wrote.

    Raises
    ------
    DistiliqaError : the file cannot be read, or holds something else.
    """
    rows = []
    for line, row in read_csv(path)[1]:
        try:
            texts = (row["image"], row["case"], row["source"])
            rows.append(OutOfFold(*texts, int(row["fold"]), float(row["true"]), float(row["pred"])))
        except (KeyError, ValueError) as error:
            raise DistiliqaError(
                f"line {line} is no out-of-fold prediction ({quoted(str(error))})",
                path=path,
                remedy="delete it, and run the command again",
            ) from error
    return rows


def cross_validation_rows(seed: int, rows: Sequence[OutOfFold]) -> list[Row]:
    """Figures of each fold, their mean and standard deviation, and those of all images pooled."""
    folds = sorted({row.fold for row in rows})
    parts = [_figures(seed, fold, [row for row in rows if row.fold == fold]) for fold in folds]
    return [*parts, *_spread(parts, seed, None), _figures(seed, POOLED, rows)]


def over_seeds(rows: Sequence[Row]) -> list[Row]:
    """Mean and standard deviation over seeds of the pooled figures; none for a single seed."""
    pooled = [row for row in rows if row["fold"] == POOLED]
    return _spread(pooled, None, POOLED) if len(pooled) > 1 else []


def _spread(parts: Sequence[Row], seed: int | None, fold: str | None) -> list[Row]:
    """Rows of mean and sample standard deviation; in place of the seed or of the fold."""
    found: list[Row] = []
    for name in (MEAN, SD):
        row: Row = {"seed": name if seed is None else seed, "fold": fold or name, "n": len(parts)}
        for figure in FIGURES:
            known = [float(value) for part in parts if (value := part[figure]) is not None]
            row[figure] = _mean(known) if name == MEAN else _deviation(known)
        found.append(row)
    return found


def _mean(known: Sequence[float]) -> float | None:
    return float(np.mean(known)) if known else None


def _deviation(known: Sequence[float]) -> float | None:
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def _figures(seed: int, fold: int | str, rows: Sequence[OutOfFold]) -> Row:
    found = agreement([row.pred for row in rows], [row.true for row in rows])
    return {"seed": seed, "fold": fold, "n": len(rows), **found.figures()}


def write_cross_validation(path: Path, rows: Iterable[Row]) -> None:
    """Write the table of `cross_validation_rows`; an undefined figure is empty."""
    write_csv(path, COLUMNS, ([row[column] for column in COLUMNS] for row in rows))

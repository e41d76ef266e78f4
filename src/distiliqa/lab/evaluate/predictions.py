"""Predictions to evaluate, and the table that they are read from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import CTReadError, DistiliqaError, quoted
from distiliqa.foreign_text import read_csv
from distiliqa.lab.data.ratings import RatedImage


@dataclass(frozen=True, eq=False)
class Predictions:
    """Scores of images, and what else their source knows of them.

    Attributes
    ----------
    scores : (n,), NaN for an image that could not be read.
    intervals : (n, 2), prediction intervals, NaN for an image without one; None where not known.
    coverage : share of labels that the intervals should hold; None where not known.
    out_of_domain : (n,), bool; None where not known.
    scale : lowest and highest score of the model; None where not known.
    failed : of the images that could not be read.
    """

    scores: NDArray[np.float64]
    intervals: NDArray[np.float64] | None = None
    coverage: float | None = None
    out_of_domain: NDArray[np.bool_] | None = None
    scale: tuple[float, float] | None = None
    failed: tuple[CTReadError, ...] = ()

    def of(self, kept: NDArray[np.bool_]) -> Predictions:
        """Those of some images, (n,)."""
        return replace(
            self,
            scores=self.scores[kept],
            intervals=None if self.intervals is None else self.intervals[kept],
            out_of_domain=None if self.out_of_domain is None else self.out_of_domain[kept],
        )


# As `distiliqa evaluate`, `distiliqa score` and the published code write them.
_COLUMNS = (("image", "pred"), ("path", "score"), ("patient", "pred"))
# As in ``scores.csv``.
_LOW, _HIGH, _DISTANCE, _OUTSIDE = "interval_low", "interval_high", "distance", "outside"
_FRAME, _UID = "slice", "sop_instance_uid"


class _Row(NamedTuple):
    path: PurePath
    frame: str
    uid: str
    score: float
    interval: tuple[float, float]
    out_of_domain: bool | None


def read_predictions(path: Path, images: Sequence[RatedImage]) -> Predictions:
    """Predictions of ``images`` from a CSV file.

    The columns are ``image, pred`` (as in ``eval_info.csv``) or ``path, score`` (as in
    ``scores.csv``) or ``patient, pred`` (as in the published ``eval_info.csv``). Those of intervals
    and of the domain (``outside``, or else the distance alone) are read where they are. A row is an
    image's if it has its SOP instance UID, or if one path ends with the other, compared by folders:
    the name of the image with or without its extension, or its file. Of a file of several slices it
    has the index too. Rows of other images are ignored.

    Raises
    ------
    DistiliqaError : the file cannot be read, a prediction is not a number, an image has no row or
        several, a row matches several images.
    """
    table = _Table(path, _read_rows(path))
    chosen: dict[int, str] = {}
    for image in images:
        at = table.row_of(image)
        if at in chosen:
            raise DistiliqaError(
                f"the row {quoted(str(table.rows[at].path))} matches {quoted(chosen[at])} "
                f"and {quoted(image.name)}",
                path=path,
                remedy="name images by their path in the data folder",
            )
        chosen[at] = image.name
    return _predictions([table.rows[at] for at in chosen])


def _predictions(rows: Sequence[_Row]) -> Predictions:
    intervals = np.array([row.interval for row in rows])
    outside = [row.out_of_domain for row in rows]
    return Predictions(
        scores=np.array([row.score for row in rows]),
        intervals=intervals if np.isfinite(intervals).any() else None,
        out_of_domain=None if set(outside) <= {None} else np.array(outside, bool),
    )


class _Table:
    """Rows of a table, found by what they say of their image."""

    def __init__(self, path: Path, rows: Sequence[_Row]) -> None:
        self.path, self.rows = path, rows
        self.by_name, self.by_uid = (
            defaultdict[str, list[int]](list),
            defaultdict[str, list[int]](list),
        )
        for at, row in enumerate(rows):
            self.by_name[row.path.name].append(at)
            self.by_uid[row.uid].append(at)

    def row_of(self, image: RatedImage) -> int:
        """The number of the row of an image. Raises `DistiliqaError` unless there is one."""
        found = self._of_uid(image) or self._of_path(image)
        if len(found) > 1 and image.slice is not None:
            frame = str(image.slice.frame)
            found = [at for at in found if self.rows[at].frame == frame] or found
        if len(found) != 1:
            raise DistiliqaError(
                f"{len(found) or 'no'} rows for the image {quoted(image.name)}",
                path=self.path,
                remedy="give one prediction for every rated image",
            )
        return found[0]

    def _of_uid(self, image: RatedImage) -> list[int]:
        uid = None if image.slice is None else image.slice.sop_uid
        return self.by_uid.get(uid, []) if uid else []

    def _of_path(self, image: RatedImage) -> list[int]:
        names, whole = _names(image)
        ends = {known.name for known in (*names, whole)}
        candidates = sorted({at for end in ends for at in self.by_name.get(end, [])})
        exact = [at for at in candidates if self.rows[at].path in names]
        return exact or [
            at
            for at in candidates
            if any(_ends_with(self.rows[at].path, known) for known in names)
            or _ends_with(whole, self.rows[at].path)
        ]


def _names(image: RatedImage) -> tuple[set[PurePath], PurePath]:
    """What a row may call an image, and the whole path of it."""
    name = _plain(image.name)
    if image.slice is None:
        return {name, name.with_name(image.path.name)}, image.path.resolve()
    whole = Path(image.slice.path).resolve()
    by_uid = image.name == image.slice.sop_uid
    return {name} if by_uid else {name, name.with_name(whole.name)}, whole


def _plain(path: str) -> PurePath:
    """A path as any system writes it."""
    return PurePath(path.replace("\\", "/"))


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
    number = _number(row[score], line, path)
    outside = None if math.isnan(distance) else distance > 1
    if row.get(_OUTSIDE):  # headers count too, and an empty slice has no distance
        outside = _is_true(row[_OUTSIDE], line, path)
    frame, uid = row.get(_FRAME, ""), row.get(_UID, "")
    return _Row(_plain(row[name]), frame, uid, number, (low, high), outside)


def _is_true(text: str, line: int, path: Path) -> bool:
    if text not in ("True", "False"):
        raise DistiliqaError(
            f"line {line}: {_OUTSIDE} is {quoted(text)}", path=path, remedy="write True or False"
        )
    return text == "True"


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

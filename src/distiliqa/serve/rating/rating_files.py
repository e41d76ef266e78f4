"""The ratings of a study as files that `readers`, `calibrate` and training take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from distiliqa.files import sha256, write_csv, write_json
from distiliqa.serve.rating.answer_log import LOG, Entry
from distiliqa.serve.rating.study_design import RECORD, Design
from distiliqa.statistics.paired_comparisons import SAME, Floats, Qualities
from distiliqa.version import __version__

RATINGS, BY_READER = "ratings.csv", "ratings_by_reader.csv"
COMPARISONS, SUMMARY = "comparisons.csv", "rating.json"
PAIR_COLUMNS = ("reader", "first", "first_slice", "second", "second_slice", "better", "at")
TOP = 4.0  # of the scale, as LDCTIQAC2023 has it
_VERDICTS = {1: "first", -1: "second", 0: "same"}
_DIGITS = 4

Found = Callable[[str | None], Qualities]


def write_ratings(folder: Path, design: Design, entries: Sequence[Entry], found: Found) -> None:
    """Write what the answers say; images that nobody saw are left out.

    Where all answers were taken back, the tables have only their heads.

    Parameters
    ----------
    found : Callable
        Gives the qualities by the answers of one reader, and by those of all for None.

    Raises
    ------
    DistiliqaError
        The disk is full, or the folder cannot be written.
    """
    readers = list(dict.fromkeys(entry.reader for entry in entries))
    facts = {
        "distiliqa": __version__,
        "method": design.method,
        "window": asdict(design.window),
        "images": len(design.images),
        "sha256": {name: sha256(folder / name) for name in (RECORD, LOG)},
    }
    if design.method == "scale":
        _write_table(folder / RATINGS, design, {name: _given(entries, name) for name in readers})
        counts = {name: sum(entry.reader == name for entry in entries) for name in readers}
        write_json(folder / SUMMARY, facts | {"readers": counts})
        return
    joint = found(None)
    _write_table(folder / RATINGS, design, {"rating": _scaled(joint, entries)})
    alone = {name: _own(entries, name) for name in readers}
    columns = {name: _scaled(found(name), own) for name, own in alone.items()}
    _write_table(folder / BY_READER, design, columns)
    _write_comparisons(folder / COMPARISONS, design, entries)
    write_json(folder / SUMMARY, facts | _of_pairs(design, joint, alone))


def _own(entries: Iterable[Entry], reader: str) -> list[Entry]:
    return [entry for entry in entries if entry.reader == reader]


def _given(entries: Iterable[Entry], reader: str) -> dict[int, float]:
    return {entry.images[0]: float(entry.answer or 0) for entry in _own(entries, reader)}


def _scaled(found: Qualities, entries: Sequence[Entry]) -> dict[int, float]:
    """Qualities of the images that were seen, from 0 for the worst of them to 4 for the best."""
    seen = _seen(entries)
    low, per_unit = _map(found.mean[seen])
    return {image: (float(found.mean[image]) - low) * per_unit for image in seen}


def _seen(entries: Iterable[Entry]) -> list[int]:
    return sorted({image for entry in entries for image in entry.images})


def _map(qualities: Floats) -> tuple[float, float]:
    """Where the scale begins, and its length for a unit of quality."""
    if not len(qualities):  # all answers were taken back
        return 0.0, 0.0
    low, high = float(qualities.min()), float(qualities.max())
    return low, TOP / (high - low) if high > low else 0.0


def _write_table(path: Path, design: Design, columns: dict[str, dict[int, float]]) -> None:
    seen = sorted(set().union(*columns.values()), key=lambda at: _place(design, at))
    rows = (
        (*_place(design, at), *(_cell(ratings.get(at)) for ratings in columns.values()))
        for at in seen
    )
    write_csv(path, ["image", "slice", *columns], rows)


def _place(design: Design, at: int) -> tuple[str, Any]:
    image = design.images[at]
    return image.image, "" if image.slice is None else image.slice


def _cell(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _write_comparisons(path: Path, design: Design, entries: Iterable[Entry]) -> None:
    rows = (
        (entry.reader, *(part for at in entry.images for part in _place(design, at)),
         _VERDICTS[entry.answer or 0], entry.at)
        for entry in entries
    )  # fmt: skip
    write_csv(path, PAIR_COLUMNS, rows)


def _of_pairs(design: Design, joint: Qualities, alone: dict[str, list[Entry]]) -> dict[str, Any]:
    """How sure the ratings are, and how each reader answered."""
    entries = [entry for own in alone.values() for entry in own]
    seen = _seen(entries)
    _, per_unit = _map(joint.mean[seen])
    errors = np.round(joint.standard_errors * per_unit, _DIGITS)
    return {
        "comparisons": len(entries),
        "rating_per_logit": round(per_unit, _DIGITS),
        "readers": {
            name: {
                "comparisons": len(own),
                "same": sum(entry.answer == SAME for entry in own),
                "errors": round(float(joint.errors[at]), _DIGITS),
                "sameness": round(float(joint.sameness[at]), _DIGITS),
            }
            for at, (name, own) in enumerate(alone.items())
        },
        "standard_errors": [
            {"image": design.images[at].image, "slice": design.images[at].slice,
             "standard_error": float(errors[at])}
            for at in sorted(seen, key=lambda at: _place(design, at))
        ],
    }  # fmt: skip

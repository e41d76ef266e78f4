"""Changes of the score by what is not quality: flips, shifts, the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.patient import body_outline, shifted
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.subject import Subject, changed

Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]

MAX_MEAN, MAX_CHANGE = 0.01, 0.1
_STEP = 10  # pixels


def without_table(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """The slice with nothing but air outside the outline of the body."""
    return np.where(body_outline(hu), hu, np.float32(AIR_HU))


def cuts_body(hu: NDArray[np.float32], rows: int, columns: int) -> bool:
    """Whether a shift moves a part of the body out of the slice."""
    body = body_outline(hu)
    return bool(body.sum() > (shifted(body.astype(np.float32), rows, columns) > 0).sum())


FLIPS: dict[str, Change] = {
    "rows flipped": lambda hu: hu[::-1].copy(),
    "columns flipped": lambda hu: hu[:, ::-1].copy(),
    "both flipped": lambda hu: hu[::-1, ::-1].copy(),
}
SHIFTS = {
    "10 pixels up": (-_STEP, 0),
    "10 pixels down": (_STEP, 0),
    "10 pixels left": (0, -_STEP),
    "10 pixels right": (0, _STEP),
}


def stability(subject: Subject) -> Section:
    """Mean and largest absolute change by flips, and by shifts that keep the whole body."""
    slices = [one.ct for one in subject.never_trained]
    before = subject.score(slices, "as they are", len(slices))

    def differences(name: str, change: Change) -> list[float]:
        after = subject.score((changed(ct, change(ct.hu)) for ct in slices), name, len(slices))
        return _differences(before, after)

    flips = {name: differences(name, change) for name, change in FLIPS.items()}
    kept: dict[str, list[float]] = {}
    cut: dict[str, list[float]] = {}
    for name, (rows, columns) in SHIFTS.items():
        found = differences(name, lambda hu, by=(rows, columns): shifted(hu, *by))  # type: ignore[misc]
        cuts = [cuts_body(ct.hu, rows, columns) for ct in slices]
        kept[name] = [d for d, is_cut in zip(found, cuts, strict=True) if not is_cut]
        cut[f"{name}, body cut"] = [d for d, is_cut in zip(found, cuts, strict=True) if is_cut]
    table = {"table taken away": differences("table", without_table)}
    lines = [*_lines("flips", flips), *_lines("shifts of 10 pixels", kept)]
    rows_of_all = [
        _row(name, found) for name, found in {**flips, **kept, **cut, **table}.items() if found
    ]
    about = (
        "Real slices of patients that no training saw. Absolute changes; shifts that move a part "
        "of the body out of the slice are counted apart."
    )
    return Section("Flips and shifts", about, (lines, rows_of_all))


def _differences(before: Sequence[SliceScore], after: Sequence[SliceScore]) -> list[float]:
    return [abs(b.score - a.score) for a, b in zip(before, after, strict=True)]


def _lines(what: str, changes: dict[str, list[float]]) -> list[Row]:
    every = [change for found in changes.values() for change in found]
    mean, most = (fmean(every), max(every)) if every else (None, None)
    return [
        line(f"{what}: mean change", len(every), mean, at_most=MAX_MEAN),
        line(f"{what}: largest change", len(every), most, at_most=MAX_CHANGE),
    ]


def _row(name: str, found: Sequence[float]) -> Row:
    return {"change": name, "n": len(found), "mean": fmean(found), "largest": max(found)}

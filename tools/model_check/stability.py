"""Changes of the score by what is not quality, or by another acquisition of the same slice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, product

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.kernels import named_kernel
from distiliqa.simulate.patient import body_outline, shifted
from distiliqa.simulate.versions import simulated
from tools.model_check.acceptance import Row, Section
from tools.model_check.baseline import change_row
from tools.model_check.subject import Subject, read

Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]

THICK_MM = (4.5, 6.0)  # what counts as a slice of 5 mm


def without_table(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """The slice with nothing but air outside the outline of the body."""
    return np.where(body_outline(hu), hu, np.float32(AIR_HU))


FLIPS: dict[str, Change] = {
    "rows flipped": lambda hu: hu[::-1].copy(),
    "columns flipped": lambda hu: hu[:, ::-1].copy(),
    "both flipped": lambda hu: hu[::-1, ::-1].copy(),
}
SHIFTS: dict[str, Change] = {
    "10 pixels up": lambda hu: shifted(hu, -10, 0),
    "10 pixels down": lambda hu: shifted(hu, 10, 0),
    "10 pixels left": lambda hu: shifted(hu, 0, -10),
    "10 pixels right": lambda hu: shifted(hu, 0, 10),
}


def averaged(slices: Sequence[CTSlice]) -> Iterator[tuple[tuple[CTSlice, ...], CTSlice]]:
    """Average adjacent slices to slices of about 5 mm, as thicker collimation shows them.

    Adjacent slices of one series leave no gap: the next begins where the one before ends, or
    earlier. No slice is used twice.

    Parameters
    ----------
    slices : in reading order, so that each series is in one piece and sorted.

    Returns
    -------
    The slices averaged, and their mean with its thickness, mm.
    """
    for _, series in groupby(slices, key=lambda ct: ct.series):
        run: list[CTSlice] = []
        for ct in series:
            run = [*run, ct] if run and _touch(run[-1], ct) else [ct]
            if len(run) > 1 and THICK_MM[0] <= _extent(run) <= THICK_MM[1]:
                yield tuple(run), _mean(run)
                run = []


def _touch(below: CTSlice, above: CTSlice) -> bool:
    thickness = above.acquisition.slice_thickness_mm
    if thickness is None or below.position_mm is None or above.position_mm is None:
        return False
    return above.position_mm - below.position_mm <= thickness + 0.01


def _extent(run: Sequence[CTSlice]) -> float:
    """From the lower face of the first slice to the upper face of the last, mm."""
    first, last = run[0].position_mm or 0.0, run[-1].position_mm or 0.0
    return last - first + (run[0].acquisition.slice_thickness_mm or 0.0)


def _mean(run: Sequence[CTSlice]) -> CTSlice:
    acquisition = replace(run[0].acquisition, slice_thickness_mm=_extent(run))
    mean = np.stack([ct.hu for ct in run]).mean(axis=0)
    info = replace(run[0].info, acquisition=acquisition, decode=None)
    return replace(run[0], hu=mean, info=info)


MAX_CHANGE = 0.1
SOFT, SHARP = "B30f", "D45f"
THIN_MM = 1.5


def stability(subject: Subject) -> Section:
    rows = [_changed(subject, name, MAX_CHANGE) for name in (*FLIPS, *SHIFTS)]
    rows.append(_changed(subject, "table taken away"))
    rows += [*_kernels(subject), *_thickness(subject)]
    about = (
        "All normal-dose slices, but kernels: the full doses of dose_pairs. After less before; the "
        "bound is on the largest absolute change."
    )
    return Section("Changes of the score", about, (rows,))


def _changed(subject: Subject, name: str, at_most: float | None = None) -> Row:
    change = {**FLIPS, **SHIFTS, "table taken away": without_table}[name]
    changed = (replace(ct, hu=change(ct.hu)) for ct in subject.normal_dose)
    after = subject.score(changed, name, len(subject.normal_dose))
    return change_row(name, subject.normal_scores, after, at_most=at_most)


def _kernels(subject: Subject) -> list[Row]:
    """From one kernel to the other: simulated in each slice, and in the nearest real slices."""
    slices = [read(pair["full"]) for pair in subject.pairs]
    scored = subject.score(slices, "kernels", len(slices))
    by_kernel: dict[str, list[tuple[CTSlice, SliceScore]]] = defaultdict(list)
    for ct, score in zip(slices, scored, strict=True):
        by_kernel[str(ct.acquisition.kernel)].append((ct, score))
    rows = []
    for made, other in ((SOFT, SHARP), (SHARP, SOFT)):
        worse = [Degradation(kernel=named_kernel(other))]
        changed = (shown for ct, _ in by_kernel[made] for shown in simulated(ct, worse))
        name = f"{made} to {other}, simulated in the same slice"
        after = subject.score(changed, name, len(by_kernel[made]))
        rows.append(change_row(name, [score for _, score in by_kernel[made]], after))
    soft, sharp = ([score for _, score in by_kernel[kernel]] for kernel in (SOFT, SHARP))
    return [*rows, _nearest(soft, sharp)] if soft and sharp else rows


def _nearest(soft: Sequence[SliceScore], sharp: Sequence[SliceScore]) -> Row:
    """The two real slices that lie nearest to each other, and how far apart."""

    def apart(pair: tuple[SliceScore, SliceScore]) -> float:
        return abs((pair[0].position_mm or 0.0) - (pair[1].position_mm or 0.0))

    before, after = min(product(soft, sharp), key=apart)
    name = f"{SOFT} to {SHARP}, nearest real slices, {apart((before, after)):g} mm apart"
    return change_row(name, [before], [after])


def _thickness(subject: Subject) -> list[Row]:
    """From adjacent slices to their mean; a row says so where none are thin enough."""
    thin_score = {(score.path, score.frame): score for score in subject.normal_scores}
    made = list(averaged(subject.normal_dose))
    scored = subject.score((mean for _, mean in made), "thick slices", len(made))
    pairs: dict[tuple[float, float], list[tuple[SliceScore, SliceScore]]] = defaultdict(list)
    for (run, mean), thick in zip(made, scored, strict=True):
        ends = [ct.acquisition.slice_thickness_mm or 0.0 for ct in (run[0], mean)]
        pairs[ends[0], ends[1]] += [(thin_score[ct.path, ct.frame], thick) for ct in run]
    rows = [
        change_row(f"{thin:g} to {thick:g} mm, averaged", *map(list, zip(*found, strict=True)))
        for (thin, thick), found in sorted(pairs.items())
    ]
    if not any(thin <= THIN_MM for thin, _ in pairs):
        rows.append(change_row("1 to 5 mm: no data, no series has adjacent slices so thin", [], []))
    return rows

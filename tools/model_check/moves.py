"""How the score moves with what is not quality, or is another acquisition of the same slice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from distiliqa.ct import CTSlice
from distiliqa.lab.evaluate.acceptance import Row, Section
from distiliqa.lab.evaluate.baseline import move_row
from distiliqa.lab.evaluate.changes import FLIPS, SHIFTS, averaged, without_table
from distiliqa.scoring.result import SliceScore
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.kernels import named_kernel
from distiliqa.simulate.versions import simulated
from model_check.subject import Subject, read

UNMOVED = 0.1
SOFT, SHARP = "B30f", "D45f"
THIN_MM = 1.5


def moves(subject: Subject) -> Section:
    rows = [_changed(subject, name, UNMOVED) for name in (*FLIPS, *SHIFTS)]
    rows.append(_changed(subject, "table taken away"))
    rows += [*_kernels(subject), *_thickness(subject)]
    about = (
        "All normal-dose slices, but kernels: the full doses of dose_pairs. After less before; the "
        "bound is on the largest absolute move."
    )
    return Section("How the score moves", about, (rows,))


def _changed(subject: Subject, name: str, at_most: float | None = None) -> Row:
    change = {**FLIPS, **SHIFTS, "table taken away": without_table}[name]
    changed = (replace(ct, hu=change(ct.hu)) for ct in subject.normal_dose)
    after = subject.score(changed, name, len(subject.normal_dose))
    return move_row(name, subject.normal_scores, after, at_most=at_most)


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
        rows.append(move_row(name, [score for _, score in by_kernel[made]], after))
    soft, sharp = ([score for _, score in by_kernel[kernel]] for kernel in (SOFT, SHARP))
    return [*rows, _nearest(soft, sharp)] if soft and sharp else rows


def _nearest(soft: Sequence[SliceScore], sharp: Sequence[SliceScore]) -> Row:
    """The two real slices that lie nearest to each other, and how far apart."""

    def apart(pair: tuple[SliceScore, SliceScore]) -> float:
        return abs((pair[0].position_mm or 0.0) - (pair[1].position_mm or 0.0))

    before, after = min(product(soft, sharp), key=apart)
    name = f"{SOFT} to {SHARP}, nearest real slices, {apart((before, after)):g} mm apart"
    return move_row(name, [before], [after])


def _thickness(subject: Subject) -> list[Row]:
    """From adjacent slices to their mean; a row says so where none are thin enough."""
    thin_score = {(each.path, each.frame): each for each in subject.normal_scores}
    made = list(averaged(subject.normal_dose))
    scored = subject.score((mean for _, mean in made), "thick slices", len(made))
    pairs: dict[tuple[float, float], list[tuple[SliceScore, SliceScore]]] = defaultdict(list)
    for (run, mean), thick in zip(made, scored, strict=True):
        ends = [ct.acquisition.slice_thickness_mm or 0.0 for ct in (run[0], mean)]
        pairs[ends[0], ends[1]] += [(thin_score[ct.path, ct.frame], thick) for ct in run]
    rows = [
        move_row(f"{thin:g} to {thick:g} mm, averaged", *map(list, zip(*found, strict=True)))
        for (thin, thick), found in sorted(pairs.items())
    ]
    if not any(thin <= THIN_MM for thin, _ in pairs):
        rows.append(move_row("1 to 5 mm: no data, no series has adjacent slices so thin", [], []))
    return rows

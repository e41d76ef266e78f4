"""Order of the ladders of held-out slices: does the score fall where the label falls?

Ordered is the share of the pairs of rungs of one slice, with labels 0.1 or more apart, that the
score puts in the order of the labels; equal scores are not. A neighboring pair counts as inverted
where the worse rung scores above the better one by more than 0.05.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import NamedTuple

import numpy as np

from distiliqa.files import write_json
from distiliqa.models.seen_faults import Ladder
from distiliqa.terminal import track
from tools.make_model.model_folder import LADDERS
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.ladder_images import loaded, make_ladders
from tools.model_check.ladder_kinds import LadderKind, ladders_with
from tools.model_check.subject import Subject, changed

APART, RISE = 0.1, 0.05
MAX_INVERTED = 0.03

Floats = Sequence[float | None]


class Order(NamedTuple):
    """Pairs that count, and those of them that are in the order of the labels."""

    right: int
    pairs: int

    @property
    def share(self) -> float | None:
        """Share in order, 0 to 1; None without a pair."""
        return self.right / self.pairs if self.pairs else None


def ordered(labels: Sequence[float], scores: Floats) -> Order:
    """Count the pairs of rungs of one slice; those without a score do not count."""
    right = pairs = 0
    for one, other in combinations(zip(labels, scores, strict=True), 2):
        (high, better), (low, worse) = sorted((one, other), key=lambda rung: -rung[0])
        if better is not None and worse is not None and _apart(high, low):
            right, pairs = right + (better > worse), pairs + 1
    return Order(right, pairs)


def inverted(labels: Sequence[float], scores: Sequence[float]) -> Order:
    """Count neighboring rungs, and those where the worse one scores clearly higher."""
    steps = list(zip(labels, labels[1:], scores, scores[1:], strict=False))
    rises = [
        (after - before) * (1 if high > low else -1)
        for high, low, before, after in steps
        if _apart(max(high, low), min(high, low))
    ]
    return Order(sum(rise > RISE for rise in rises), len(rises))


def _apart(high: float, low: float) -> bool:
    return high - low >= APART - 1e-9


@dataclass
class Measured:
    """Scores along a ladder, slice by slice."""

    kind: LadderKind
    labels: list[list[float]] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)
    noise: list[list[float | None]] = field(default_factory=list)

    @property
    def order(self) -> Order:
        """Pairs of all slices."""
        return _sum(map(ordered, self.labels, self.scores))

    @property
    def order_of_noise_level(self) -> Order:
        """The same of the noise level, lower being better."""
        turned = [[None if level is None else -level for level in one] for one in self.noise]
        return _sum(map(ordered, self.labels, turned))

    @property
    def inverted(self) -> Order:
        """Neighboring rungs of all slices."""
        return _sum(map(inverted, self.labels, self.scores))

    def row(self) -> Row:
        """Line of the table of bounds."""
        return line(
            f"ladder ordered: {self.kind.name}",
            self.order.pairs,
            self.order.share,
            at_least=self.kind.at_least,
            noise_level=self.order_of_noise_level.share,
        )

    def ladder(self) -> Ladder:
        """Means over the slices at each rung, as ``config.json`` has them."""
        return Ladder(
            name=self.kind.name,
            unit=self.kind.unit,
            rungs=tuple(map(float, self.kind.rungs)),
            label=tuple(np.mean(self.labels, axis=0).round(3).tolist()),
            score=tuple(np.mean(self.scores, axis=0).round(3).tolist()),
            ordered=self.order.share,
            pairs=self.order.pairs,
        )


def _sum(orders: Iterable[Order]) -> Order:
    found = list(orders)
    return Order(sum(one.right for one in found), sum(one.pairs for one in found))


def ladders(subject: Subject) -> Section:
    """Measure all ladders; those of the card are written to ``ladders.json`` too."""
    kinds = ladders_with(subject.networks)
    make_ladders(subject, kinds)
    count = len(kinds) * len(subject.held_out_slices)
    measured = {kind.name: Measured(kind) for kind in kinds}
    for kind, labels, scores, noise in track(_scored(subject, kinds), "scoring ladders", count):
        measured[kind.name].labels.append(labels)
        measured[kind.name].scores.append(scores)
        measured[kind.name].noise.append(noise)
    found = list(measured.values())
    shown = [asdict(one.ladder()) for one in found if one.kind.in_card]
    write_json(subject.work / LADDERS, {"ladders": shown})
    wrong = _sum(one.inverted for one in found)
    lines = [one.row() for one in found]
    what = "worse rung above a better one by 0.05, of neighbours 0.1 apart"
    lines.append(line(what, wrong.pairs, wrong.share, at_most=MAX_INVERTED))
    networks = "" if subject.networks else " No denoising networks were given."
    about = (
        f"{len(subject.held_out_slices)} slices of the held-out patients; n counts pairs of rungs "
        f"with labels {APART:g} or more apart.{networks} Below, means over the slices."
    )
    return Section("Ladders", about, (lines, [_means(one.ladder()) for one in found]))


def _scored(
    subject: Subject, kinds: Sequence[LadderKind]
) -> Iterator[tuple[LadderKind, list[float], list[float], list[float | None]]]:
    for kind, one, rungs in loaded(subject, kinds):
        found = list(subject.model.score_slices(changed(one.ct, image) for image in rungs.images))
        yield (
            kind,
            rungs.labels.tolist(),
            [score.score for score in found],
            [score.noise_hu for score in found],
        )


def _means(ladder: Ladder) -> Row:
    """Means over the slices, those of the rungs in one cell."""
    steps = " ".join(f"{rung:g}" for rung in ladder.rungs)
    return {
        "ladder": ladder.name,
        "rungs": f"{steps} {ladder.unit}".strip(),
        "label": " ".join(f"{mean:.2f}" for mean in ladder.label),
        "score": " ".join(f"{mean:.2f}" for mean in ladder.score),
    }

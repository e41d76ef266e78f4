"""Pointing game: the map must point at a part of the image that was made worse.

Zhang et al. 2018, doi 10.1007/s11263-017-1059-x: a map is right if its extreme is in the part. A
disc of a rung of a ladder is put into the untouched slice. Trials count where the composed label
map, too, has its lowest block in the disc: in the others, another part of the slice is worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.lab.data.label_maps import BLOCK
from distiliqa.terminal import track
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.ladder_images import RungImages, loaded, make_ladders
from tools.model_check.ladder_kinds import LADDERS
from tools.model_check.subject import Subject, changed

MIN_RIGHT = 0.9
# Ladder and rung of the disc.
FAULTS = {
    "local noise": ("dose", 0.1),
    "local blur": ("blur", 4),
    "local motion": ("motion in the turn", 8),
    "local streaks": ("views, same dose", 80),
}
RADII = (32, 56)  # pixels
_TISSUE = 0.5  # share of a block, of the middle of a disc and of what counts

Floats = NDArray[np.floating]


class Trial(NamedTuple):
    """Slice with a fault in a disc around (row, column), in pixels."""

    ct: CTSlice
    center: tuple[float, float]
    radius: int
    label_points: bool


def heatmaps(subject: Subject) -> Section:
    """Share of the trials whose map points at the disc, for each fault."""
    kinds = {kind.name: kind for kind in LADDERS}
    used = [kinds[name] for name, _ in FAULTS.values()]
    make_ladders(subject, used)
    what_of = {name: (what, rung) for what, (name, rung) in FAULTS.items()}
    hits: dict[str, list[bool]] = {what: [] for what in FAULTS}
    apart: dict[str, list[bool]] = {what: [] for what in FAULTS}
    count = len(used) * len(subject.held_out_slices)
    for kind, one, rungs in track(loaded(subject, used), "maps", count):
        what, rung = what_of[kind.name]
        for trial in trials(one.ct, rungs, kind.rungs.index(rung)):
            found = _points(subject, trial)
            if found is not None:
                (hits if trial.label_points else apart)[what].append(found)
    lines = [
        line(f"map: {what}", len(found), _share(found), at_least=MIN_RIGHT)
        for what, found in hits.items()
    ]
    rows: list[Row] = [
        {"apart, where another part is worse": what, "n": len(found), "value": _share(found)}
        for what, found in apart.items()
    ]
    about = (
        "Held-out slices, a disc of 32 or 56 pixels radius made worse; the share of maps whose "
        "lowest part lies in it, give or take half a part."
    )
    return Section("Where quality is lost", about, (lines, rows))


def _share(found: list[bool]) -> float | None:
    return float(np.mean(found)) if found else None


def trials(ct: CTSlice, rungs: RungImages, at: int) -> Iterator[Trial]:
    """A small and a larger disc of a rung in the soft tissue of a slice."""
    rng = np.random.default_rng(int(rungs.images[0].astype(np.int64).sum()) % 2**32)
    places = np.argwhere(rungs.weight > _TISSUE)
    size = rungs.images.shape[1:]
    for radius in RADII:
        if not len(places):
            return
        row, column = (BLOCK * (places[rng.integers(len(places))] + 0.5)).tolist()
        rows, columns = np.ogrid[: size[0], : size[1]]
        inside = np.hypot(rows - row, columns - column) <= radius
        image = np.where(inside, rungs.images[at], rungs.images[0])
        share = inside.reshape(len(rungs.weight), BLOCK, -1, BLOCK).mean(axis=(1, 3))
        label = share * rungs.quality[at] + (1 - share) * rungs.quality[0]
        label = np.where(rungs.weight > _TISSUE, label, np.inf)
        center = row, column
        yield Trial(changed(ct, image), center, radius, lowest_inside(label, center, radius))


def lowest_inside(quality: Floats, center: tuple[float, float], radius: float) -> bool:
    """Whether the lowest part of a map of a 512-pixel slice is in a disc, or half a part away."""
    side = 16 * BLOCK / len(quality)
    lowest = np.unravel_index(np.argmin(quality), quality.shape)
    place = [(int(at) + 0.5) * side for at in lowest]
    return float(np.hypot(*np.subtract(place, center))) <= radius + side / 2


def _points(subject: Subject, trial: Trial) -> bool | None:
    """Whether the map of the model points at the disc; None for a model without maps."""
    (score,) = subject.model.score_slices([trial.ct], keep_heatmaps=True)
    if score.heatmap is None:
        return None
    shown = np.where(np.isfinite(score.heatmap), score.heatmap, np.inf)
    return lowest_inside(shown, trial.center, trial.radius)

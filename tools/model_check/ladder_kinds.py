"""Ladders of the check: one fault each, from the untouched slice to useless, with its bound.

A rung is a worse scan (the settings of ``distiliqa simulate``), then processing of its image
(`distiliqa.simulate.processing`, whose rungs are used but where said here). Ladders of a noisy
image begin with a quarter of the dose, the lowest that clinics try and the dose of Mayo's pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from distiliqa.simulate.degradation import Settings
from distiliqa.simulate.processing.kinds import KINDS
from distiliqa.simulate.processing.processing import Processing

NOISY_DOSE = 0.25
HIGH, MIDDLE, LOW, CODEC = 0.97, 0.95, 0.90, 0.85  # shares of pairs in order


_PLAIN = Settings()
_NOISY = Settings(dose=NOISY_DOSE)
_STREAKS = Settings(keep_dose=True)


class Rung(NamedTuple):
    """One rung: a scan, and the processing of its image."""

    strength: float
    scan: Settings
    chain: tuple[Processing, ...] = ()


@dataclass(frozen=True)
class LadderKind:
    """One fault in growing strength.

    Attributes
    ----------
    name, unit : as tables show them.
    rungs : strengths, from none on.
    fault : key of `KINDS`, or attribute of `Settings`.
    at_least : bound of the share of pairs in order.
    fixed : settings of the scans that all rungs share.
    weights : of a denoising network.
    in_card : whether the model's card shows it.
    """

    name: str
    unit: str
    rungs: tuple[float, ...]
    fault: str
    at_least: float
    fixed: Settings = _PLAIN
    weights: Path | None = None
    in_card: bool = False

    def at(self, strength: float) -> Rung:
        """The rung of a strength; the first has no fault."""
        neutral = strength == self.rungs[0]
        if self.fault in KINDS:
            chain = (Processing(self.fault, strength, weights=self.weights),)
            return Rung(strength, self.fixed, () if neutral else chain)
        value: Any = int(strength) if self.fault == "views" else strength
        return Rung(strength, self.fixed if neutral else replace(self.fixed, **{self.fault: value}))


# Rungs of a kind that differ from its own: 3 is what ``--smoothing 3`` does.
_RUNGS = {"non_local_means": (0, 0.1, 0.2, 0.3, 0.4, 1, 3, 6)}


def _processed(
    name: str, kind: str, at_least: float, *, noisy: bool = False, in_card: bool = False
) -> LadderKind:
    rungs = _RUNGS.get(kind, KINDS[kind].ladder)
    title = f"{name}, noisy image" if noisy else name
    fixed = _NOISY if noisy else _PLAIN
    return LadderKind(title, KINDS[kind].unit, rungs, kind, at_least, fixed, in_card=in_card)


def _scanned(
    name: str,
    unit: str,
    fault: str,
    rungs: tuple[float, ...],
    at_least: float,
    fixed: Settings = _PLAIN,
) -> LadderKind:
    return LadderKind(name, unit, rungs, fault, at_least, fixed, in_card=True)


_VIEWS = (1000, 360, 240, 180, 120, 80)  # the first is all views of the scan
DENOISERS = {
    "median": "median",
    "bilateral": "bilateral",
    "non-local means": "non_local_means",
    "total variation": "total_variation",
    "wavelets": "wavelet",
    "iterative blend": "iterative_blend",
}
_CLASSICAL = tuple(
    _processed(name, kind, MIDDLE, noisy=noisy, in_card=kind == "non_local_means")
    for name, kind in DENOISERS.items()
    for noisy in (False, True)
)
LADDERS = (
    _scanned("dose", "of full", "dose", (1, 0.75, 0.5, 0.25, 0.1, 0.05), HIGH),
    _processed("white noise", "white_noise", HIGH),
    _processed("CT noise", "ct_noise", HIGH),
    _processed("blotchy noise", "blotchy_noise", HIGH, in_card=True),
    _processed("sharpening", "sharpening", HIGH, in_card=True),
    _scanned("views, same noise a view", "", "views", _VIEWS, HIGH),
    _scanned("views, same dose", "", "views", _VIEWS, HIGH, _STREAKS),
    _processed("blur", "gaussian_blur", HIGH, in_card=True),
    _processed("downsampling", "downsampling", MIDDLE),
    _processed("smear", "smear", MIDDLE),
    _processed("blur", "gaussian_blur", MIDDLE, noisy=True),
    *_CLASSICAL,
    _scanned("rings", "of the gain", "ring", (0, 0.005, 0.01, 0.02, 0.05, 0.1), MIDDLE),
    _scanned("motion in the turn", "mm", "motion", (0, 1, 2, 4, 6, 8), LOW),
    _processed("ghosts", "ghost", LOW, in_card=True),
    _scanned("truncation", "mm", "truncation", (1000, 380, 330, 290, 250, 220), LOW),
    _scanned("metal", "mm", "metal", (0, 2, 4, 6, 10), LOW),
    _scanned("hardening", "share", "hardening", (0, 0.25, 0.5, 0.75, 1), LOW),
    _processed("lost contrast", "contrast_loss", LOW, in_card=True),
    _processed("JPEG", "jpeg", CODEC, in_card=True),
    _processed("JPEG 2000", "jpeg2000", CODEC),
)


def ladders_with(networks: Mapping[str, Path]) -> list[LadderKind]:
    """All ladders, with those of denoising networks by their names."""
    kind = KINDS["denoising_network"]
    return [
        *LADDERS,
        *(
            LadderKind(
                f"network {name}{', noisy image' if noisy else ''}",
                kind.unit,
                kind.ladder,
                "denoising_network",
                MIDDLE,
                _NOISY if noisy else _PLAIN,
                weights,
            )
            for name, weights in networks.items()
            for noisy in (False, True)
        ),
    ]

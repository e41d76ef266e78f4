"""What a model sees and does not see: its scores along ladders of faults.

A ladder is one fault in growing strength, on slices of patients that training never saw. The check
of a new model measures the ladders and writes them into ``config.json``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# Share of pairs in order: from the first on a fault is seen, below the second it is not.
SEEN, UNSEEN = 0.9, 0.7


@dataclass(frozen=True)
class Ladder:
    """Labels and scores along one ladder.

    Attributes
    ----------
    name : str
        The fault, such as ``Gaussian blur``.
    unit : str
        Unit of the rungs, such as ``mm FWHM``; empty for a number alone.
    rungs : tuple[float, ...]
        Strengths, from the untouched slice on.
    label, score : tuple[float, ...]
        Mean over the slices at each rung, on the scale of the model.
    ordered : float or None
        Share of the pairs of rungs of one slice that the score puts in the order of their labels,
        0 to 1; a pair counts where its labels differ by 0.1 or more. None without such a pair.
    pairs : int
        Number of pairs.
    """

    name: str
    unit: str
    rungs: tuple[float, ...]
    label: tuple[float, ...]
    score: tuple[float, ...]
    ordered: float | None
    pairs: int = 0

    def __post_init__(self) -> None:
        if not 2 <= len(self.rungs) == len(self.label) == len(self.score):
            raise ValueError("a ladder has two rungs or more, each with a label and a score")
        if self.ordered is not None and not 0 <= self.ordered <= 1:
            raise ValueError("the share of pairs in order is 0 to 1")

    @property
    def verdict(self) -> str:
        """``seen``, ``seen in part`` or ``not seen``; empty where no pair counts."""
        if self.ordered is None:
            return ""
        if self.ordered >= SEEN:
            return "seen"
        return "not seen" if self.ordered < UNSEEN else "seen in part"


def seen_by(ladders: Iterable[Ladder]) -> str:
    """Say in one line for which faults the score orders most pairs rightly, and for which fewer.

    Empty for a model without ladders.
    """
    names: dict[str, list[str]] = {"seen": [], "seen in part": [], "not seen": [], "": []}
    for ladder in ladders:
        names[ladder.verdict].append(_in_a_list(ladder.name))
    shares = {
        "seen": f"at least {10 * SEEN:g} of 10",
        "seen in part": f"{10 * UNSEEN:g} to {10 * SEEN:g} of 10",
        "not seen": f"fewer than {10 * UNSEEN:g} of 10",
    }
    parts = [
        f"{share} for {', '.join(names[kind])}" for kind, share in shares.items() if names[kind]
    ]
    if not parts:
        return ""
    first = parts[0].replace(" of 10", " of 10 pairs rightly", 1)
    return f"On simulated faults, the score orders {'; '.join((first, *parts[1:]))}."


def _in_a_list(name: str) -> str:
    """A name without a comma of its own: ``views, same dose`` is ``views (same dose)``."""
    fault, comma, how = name.partition(", ")
    return f"{fault} ({how})" if comma else name

"""Standard names of series in results, and the series that no rule names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter

from distiliqa.errors import one_line
from distiliqa.report.column import Column
from distiliqa.scoring.protocol_rules import PROTOCOL_FACTS, protocol_facts
from distiliqa.scoring.result import ScoringRun

_OF_NOBODY = ("body_part", "kernel")  # without what may name a patient

STANDARD = Column(
    "standard_name",
    "",
    None,
    "Name of the protocol by the rules of `--protocols`.",
    attrgetter("standard_name"),
    "series",
    term="Standard name",
)


@dataclass(frozen=True)
class Unmapped:
    """Series that no rule names and that have the same facts.

    Attributes
    ----------
    facts : dict[str, str]
        What rules look at, by name; empty where no header states it. Body part and kernel alone
        unless the user asks to identify.
    series : int
        Their number.
    """

    facts: dict[str, str]
    series: int

    @property
    def text(self) -> str:
        """The facts in one line."""
        found = (f"{name} {one_line(fact) or 'not stated'}" for name, fact in self.facts.items())
        return ", ".join(found)


def unmapped(run: ScoringRun, *, identify: bool) -> list[Unmapped]:
    """The series without a standard name, the most frequent first; none in a run without rules."""
    if run.protocols is None:
        return []
    shown = PROTOCOL_FACTS if identify else _OF_NOBODY
    counts = Counter(
        tuple(protocol_facts(slice_.info for slice_ in series.slices)[name] for name in shown)
        for series in run.series
        if series.standard_name is None
    )
    return [
        Unmapped(dict(zip(shown, values, strict=True)), count)
        for values, count in counts.most_common()
    ]

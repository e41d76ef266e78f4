"""What one look of a monitor found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from distiliqa.ct import Problem
from distiliqa.monitor.arrival import NO_IMAGE
from distiliqa.monitor.recording import Outcome
from distiliqa.report.formatting import slice_count


@dataclass(repr=False)
class Tally:
    """The result of one look.

    Attributes
    ----------
    slices : int
        Number of slices scored in this look.
    series : set[str]
        Their series; one may have grown.
    failed : list[Problem]
        Files that could not be scored this time.
    left_out : list[Problem]
        Files that a user may expect to be scored: other images, archives, pipes.
    waiting : int
        Number of files that may still be written.
    alarms : list[str]
        Stretches out of control, each once, also after a new start; also those that are over.
    """

    slices: int = 0
    series: set[str] = field(default_factory=set)
    failed: list[Problem] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)
    waiting: int = 0
    alarms: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        counts = (
            f"{len(self.failed)} failed",
            f"{len(self.left_out)} left out",
            f"{self.waiting} waiting",
            f"{len(self.alarms)} alarms",
        )
        scored = f"{slice_count(self.slices)} of {len(self.series)} series"
        return f"<Tally: {', '.join((scored, *counts))}>"

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count what became of files."""
        for outcome in outcomes:
            self.slices += len(outcome.scores)
            self.series |= {score.series for score in outcome.scores}
            if outcome.failed:
                self.failed.append(outcome.problem)
            elif outcome.reason not in (None, NO_IMAGE) and not outcome.events:
                self.left_out.append(outcome.problem)

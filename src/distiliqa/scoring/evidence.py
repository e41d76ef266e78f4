"""One warning on slices of several sides whose noise and score are no evidence of equivalence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from distiliqa.scoring.equivalence import NO_EVIDENCE, equivalence_warning, normalized_of
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.series_score import summary
from distiliqa.scoring.slice_score import SliceScore


def no_evidence(sides: Mapping[str, Sequence[SliceScore]]) -> Iterator[str]:
    """Warn once of iterative, learned and processed slices, with the names of their sides.

    Parameters
    ----------
    sides : Mapping[str, Sequence[SliceScore]]
        Slices by the name of what they belong to. Nothing is given where there is no reason.
    """
    reasons = []
    for name, slices in sides.items():
        made = summary(slice_.acquisition for slice_ in slices)
        if (warning := equivalence_warning(made, [], normalized_of(slices))) is not None:
            reasons.append(f"{name}, {warning.removesuffix(f': {NO_EVIDENCE}')}")
        if count := sum(slice_.counts_as_processed for slice_ in slices):
            reasons.append(f"{count} of {len(slices)} slices of {name}: {LOST_DETAIL}")
    if reasons:
        yield "; ".join((*reasons, NO_EVIDENCE))

"""The result of a comparison in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from distiliqa.compare.difference_text import digits_of, is_too_small, min_difference
from distiliqa.compare.result import PairedRun
from distiliqa.report.formatting import p_text, signed_text, slice_count
from distiliqa.statistics.block_bootstrap import LEVEL
from distiliqa.statistics.paired_difference import MIN_SERIES, Difference

MIN_UNITS = 6
DIGITS = 2  # of a score


def verdict(run: PairedRun) -> str:
    """Which of the two scores better, by how much, and whether it could be chance."""
    found, scale = run.score, run.first.model.scale
    digits = digits_of(found, DIGITS)
    size, minus = f"{abs(found.mean):.{digits}f} points", signed_text(found.mean, digits)
    where = f"on average over {slice_count(found.n)}"
    if found.interval is None:
        if abs(found.mean) < min_difference(DIGITS):
            return f"A and B score alike {where}; {_few(found)} too few for an interval."
        direction = "below" if found.mean < 0 else "above"
        return f"B is {size} {direction} A {where}; {_few(found)} too few for an interval."
    if found.interval[0] <= 0 <= found.interval[1]:
        return f"No difference is shown: B minus A is {minus} points {where}."
    if is_too_small(found, DIGITS):
        return f"A and B score alike: B minus A is {minus} points {where}, too small to matter."
    better = (found.mean > 0) == scale.higher_is_better
    return f"B scores {'better' if better else 'worse'} than A, by {size} {where}."


def explained(run: PairedRun) -> Iterator[str]:
    """How the figures were computed, and their limits."""
    found = run.score
    drawn = (
        f"There is no interval: {_few(found)} too few, {MIN_UNITS} are needed."
        if found.interval is None
        else f"The interval is that of the mean, {100 * LEVEL:.0f} %, by bootstrap. {_units(run)}"
    )
    yield f"Every difference is B minus A at the same place. {drawn}"
    yield (
        "The test is Wilcoxon's signed-rank test of these parts: p is how often chance alone would "
        "give differences at least as one-sided, if neither were better. The effect (SD) "
        "is the mean difference over the standard deviation of the differences."
    )
    if found.units < MIN_UNITS:
        yield (
            f"With {found.units} independent part{'s' * (found.units != 1)} no p below "
            f"{p_text(2 / 2**found.units)} is possible, whatever the difference: look at its size."
        )
    left = len(run.slices) - found.n
    if left:
        yield f"{slice_count(left)} out of domain or without a patient: shown, and not counted."
    if odd := sum(pair.out_of_domain for pair in run.slices) - left:
        yield f"{slice_count(odd)} out of domain: counted, as there are no others."


def _few(found: Difference) -> str:
    return "one independent part is" if found.units == 1 else f"{found.units} independent parts are"


def _units(run: PairedRun) -> str:
    """What the bootstrap drew, and for what its interval speaks."""
    found = run.score
    if found.block is None:
        what = "patients" if run.draws_patients else "series"
        drawn = f"Whole {what} were drawn ({found.units})"
    elif found.block > 1:
        drawn = (
            f"Blocks of {found.block} neighboring slices were drawn, and the interval allows for "
            "the likeness that is left"
        )
    else:
        drawn = (
            "Slices were drawn one by one, and the interval allows for the likeness of neighbors"
        )
    return f"{drawn}. {scope(run)}"


def scope(run: PairedRun) -> str:
    """For what an interval speaks."""
    if run.patients == 1:
        return "All slices are of one patient: the interval speaks for these slices only."
    if run.draws_patients:
        return "The interval speaks for other patients like these."
    if run.patients is not None:
        return "A and B name different patients: the interval speaks for these slices only."
    if run.score.block is None:
        return "The interval speaks for other series like these."
    return (
        f"With fewer than {MIN_SERIES} pairs of series the interval speaks for these series, not "
        "for other patients."
    )

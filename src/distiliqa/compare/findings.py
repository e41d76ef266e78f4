"""What the measures of a comparison say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from distiliqa.compare.difference_text import digits_of, is_too_small, min_difference, sign_of
from distiliqa.compare.quantities import Quantities, Ratio
from distiliqa.compare.result import PairedRun
from distiliqa.report.column import SCALE, Column
from distiliqa.report.columns import slice_columns
from distiliqa.report.formatting import digits_for, signed_text, slice_count
from distiliqa.scoring.acquisition_summary import summary
from distiliqa.scoring.equivalence import equivalence_warning, normalized_of
from distiliqa.statistics.paired_difference import Difference

# What changes noise beside the dose.
_OF_NOISE = (
    "kvp",
    "kernel",
    "slice_thickness_mm",
    "reconstruction_method",
    "reconstruction_algorithm",
    "reconstruction_strength",
)


MAX_UNEXPLAINED = 1.5  # dose that the noise implies over the stated dose, or the inverse


# Measures that rise and fall with quality. Noise has no better end: less may be a denoiser.
_OF_QUALITY = ("score", "mtf50_per_mm", "dprime")


def compared(run: PairedRun, found: Quantities) -> Iterator[tuple[str, Difference, int]]:
    """The rows of a table of differences: name with unit, difference, and digits."""
    for column, value in _differences(run, found):
        title = "Score, points" if column.name == "score" else column.head
        yield title, value, digits_of(value, column.digits or 0)


def _differences(run: PairedRun, found: Quantities) -> list[tuple[Column, Difference]]:
    """All differences with their columns, score and noise first."""
    noise = {} if run.noise is None else {"noise_hu": run.noise}
    known = {"score": run.score} | noise | found.differences
    return list(zip(slice_columns(*known), known.values(), strict=True))


def findings(run: PairedRun, found: Quantities) -> Iterator[str]:
    """Noise and the dose that it implies, stated dose, texture, and where measures disagree."""
    if found.noise is not None:
        times = f"{_ratio_text(found.noise)} times that of A"
        yield f"The noise of B is {times}. {_implied(run, found)}"
    names = {"ctdivol_mgy": "CTDIvol", "ssde_mgy": "SSDE"}
    for column, ratio in found.doses.items():
        yield f"The {names[column]} of B is {_ratio_text(ratio)} times that of A."
    if found.other_phantoms:
        yield (
            f"In {slice_count(found.other_phantoms)} the CTDIvol of A and of B is of different "
            "phantoms, 16 and 32 cm: it has no ratio there."
            + " SSDE takes account of the phantom."
            * ("ssde_mgy" in found.doses)
        )
    yield from _unexplained(run, found)
    if found.texture_changed is not None:
        moved = signed_text(found.differences["nps_peak_per_mm"].mean, 3)
        changed = "Texture changed" if found.texture_changed else "No noticeable change of texture"
        yield (
            f"{changed}: the peak of the noise power spectrum moved by {moved} /mm; "
            f"{found.noticeable_per_mm:g} /mm ({10 * found.noticeable_per_mm:g} lp/cm) is just "
            "noticeable."
        )
    yield from _disagreement(run, found)
    yield from _too_small(run, found)


def _unexplained(run: PairedRun, found: Quantities) -> Iterator[str]:
    """Where stated doses and the noise of filtered back-projection do not go together."""
    implied, stated = found.implied_dose, found.doses.get("ctdivol_mgy")
    if implied is None or stated is None or _why_no_dose(run) is not None:
        return
    if found.other_phantoms:  # the ratios of dose and noise are of different slices
        return
    if abs(math.log(implied.value / stated.value)) > math.log(MAX_UNEXPLAINED):
        yield (
            "The stated CTDIvol does not explain the noise: look for another reconstruction, "
            "processing, or headers of another scan."
        )


def _ratio_text(ratio: Ratio) -> str:
    ends = ratio.interval or ()
    digits = digits_for((ratio.value, *ends), 2)
    value, *around = (f"{end:.{digits}f}" for end in (ratio.value, *ends))
    return f"{value} ({around[0]} to {around[1]})" if around else value


def _implied(run: PairedRun, found: Quantities) -> str:
    """The dose that the noise implies, or why none follows from it."""
    if (reason := _why_no_dose(run)) is not None:
        return f"No dose follows from it: {reason}."
    implied = found.implied_dose
    assert implied is not None
    return (
        f"Filtered back-projection has such noise at {_ratio_text(implied)} times the dose: noise "
        "falls with the square root of the dose."
    )


def _why_no_dose(run: PairedRun) -> str | None:
    pairs = [pair for pairs in run.counted for pair in pairs]
    slices = ([pair.first for pair in pairs], [pair.second for pair in pairs])
    sides = [summary(slice_.acquisition for slice_ in side) for side in slices]
    processed = [[slice_.counts_as_processed for slice_ in side] for side in slices]
    if any(map(equivalence_warning, sides, processed, map(normalized_of, slices))):
        return "iterative, learned and denoised images have less noise at the same dose"
    unlike = [
        column.term.lower()
        for column in slice_columns(*_OF_NOISE)
        if getattr(sides[0], column.name) != getattr(sides[1], column.name)
    ]
    return f"A and B differ in {' and '.join(unlike)}, which changes noise too" if unlike else None


def _disagreement(run: PairedRun, found: Quantities) -> Iterator[str]:
    """Where score, sharpness and detectability go different ways, with the noise beside them.

    A measure counts where the interval of its mean difference does not hold zero, and the
    difference is not too small to matter.
    """
    sides: dict[int, list[str]] = {1: [], -1: []}
    ways: set[int] = set()
    for column, value in _differences(run, found):
        sign = sign_of(value, column.digits or 0)
        if sign and column.name in (*_OF_QUALITY, "noise_hu"):
            sides[sign].append(column.term + _direction(run, column))
        if sign and column.name in _OF_QUALITY:
            ways.add(sign if _higher_is_better(run, column) else -sign)
    if len(ways) > 1:
        named = {"Higher": sides[1], "Lower": sides[-1]}
        said = (f"{way} in B: {' and '.join(terms)}." for way, terms in named.items() if terms)
        yield f"The measures disagree. {' '.join(said)}"


def _direction(run: PairedRun, column: Column) -> str:
    """What readers do not expect of a score."""
    return "" if _higher_is_better(run, column) else " (lower is better)"


def _higher_is_better(run: PairedRun, column: Column) -> bool:
    return column.name != "score" or run.first.model.scale.higher_is_better


def _too_small(run: PairedRun, found: Quantities) -> Iterator[str]:
    """Which differences are significant and still too small to matter."""
    small = [
        f"{column.term} (below {min_difference(column.digits or 0):g}{_unit(column)})"
        for column, value in _differences(run, found)
        if is_too_small(value, column.digits or 0)
    ]
    if small:
        yield f"Too small to matter, whatever p is: {' and '.join(small)}."


def _unit(column: Column) -> str:
    units = {"1": "", "1/mm": " /mm", SCALE: " points"}
    return units.get(column.unit, f" {column.unit}")

"""The result of a dose response and its assumptions, in sentences."""

from __future__ import annotations

import math

from distiliqa.dose_response.result import Basis, DoseResponse
from distiliqa.report.formatting import interval_text

ASSUMPTIONS = (
    "The series counts as full dose, 1; it is taken to be free of faults.",
    "A lower dose is fewer photons in every view, with tube voltage, tube current modulation, "
    "kernel, slice thickness and patient as they are. The extra noise of the lower dose is "
    "computed from the line integrals of the slice itself, goes through a fan beam filtered "
    "back-projection with the kernel that was found in the slice, and is added to it.",
    "Not modeled: scatter, the cone beam and the helix, the flying focal spot, and noise reduction "
    "of the scanner's own. Where the scanner reconstructs iteratively or denoises, a real lower "
    "dose looks different.",
    "The simulation was compared with eleven real quarter-dose slices of one patient on one "
    "scanner: its noise was 0.94 to 1.06 of the real one.",
    "The curve is that of this patient. Another one, larger or smaller, has another.",
    "Between simulated doses the curve is taken as straight over the logarithm of the dose.",
    "The score is an estimate of diagnostic quality; no reader has seen these images. It "
    "is no ground for choosing a dose without a physicist and a radiologist.",
)


def lowest_text(found: DoseResponse, basis: Basis) -> str:
    """The lowest dose that suffices by one of the curves, such as ``0.32 (6 mGy CTDIvol)``."""
    lowest = found.lowest(basis)
    if lowest.dose is None:
        return "none: full dose does not reach it"
    text = _up(lowest.dose)
    if found.ctdivol_mgy:  # some files state 0
        text += f" ({_up(lowest.dose * found.ctdivol_mgy)} mGy CTDIvol)"
    return text if lowest.bound == "crossing" else f"{text} or lower: the lowest simulated suffices"


def verdict(found: DoseResponse) -> str:
    """The answer in one sentence."""
    mean = found.bases[0]
    lowest = found.lowest(mean)
    goal = f"a mean score of {found.least:g}"
    if lowest.dose is None:
        return f"Full dose does not reach {goal}: it has {mean.values[0]:.2f}."
    share = f"{_up(100 * lowest.dose)} %"
    if lowest.bound == "simulated":
        return f"Down to {share} of the dose, the lowest simulated, {goal} is kept."
    return f"Down to {share} of the dose {goal} is kept."


def _up(dose: float) -> str:
    """Two significant digits, rounded up: a little less dose would not suffice."""
    unit = 10.0 ** (math.floor(math.log10(dose)) - 1)
    return f"{math.ceil(round(dose / unit, 6)) * unit:g}"


def half_dose_text(found: DoseResponse) -> str:
    """The score at half dose with its interval."""
    mean = found.at(found.bases[0], 0.5)
    if mean is None:
        return "not simulated"
    point = next((point for point in found.points if point.dose == 0.5), None)
    if point is None or point.interval is None:
        return f"{mean:.2f}"
    return f"{mean:.2f} ({interval_text(point.interval)})"

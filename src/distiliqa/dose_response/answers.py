"""The result of a dose response and its assumptions, in sentences."""

from __future__ import annotations

import math

from distiliqa.dose_response.basis import Basis
from distiliqa.dose_response.result import DoseResponse
from distiliqa.report.formatting import interval_text, slice_count

ASSUMPTIONS = (
    "The series counts as full dose, 1; it is taken to be free of faults.",
    "A lower dose is fewer photons in every view, with tube voltage, tube current modulation, "
    "kernel, slice thickness and patient as they are. The extra noise of the lower dose is "
    "computed from the line integrals of the slice itself, goes through a filtered "
    "back-projection with the kernel that was found in the slice, and is added to it.",
    "Not modeled: scatter, the cone beam and the helix, the flying focal spot, and noise reduction "
    "of the scanner's own. Where the scanner reconstructs iteratively or denoises, a real lower "
    "dose looks different.",
    "The simulation was compared with another one, which it was not fitted to: eleven quarter-dose "
    "slices of one patient on one scanner, made by the Mayo Clinic by adding noise to the "
    "projections of the same scan. Its noise was 0.89 to 1.01 of theirs, and its score was 0.10 "
    "higher on average. No scan that was made at a lower dose was compared.",
    "Detectability d' is that of a disc of 10 mm and 20 HU, with the sharpness of full dose at all "
    "doses. It holds for filtered back-projection.",
    "The curve is that of this patient. Another one, larger or smaller, has another.",
    "Between simulated doses the curve is taken as straight over the logarithm of the dose.",
    "The score is an estimate of diagnostic quality; no reader has seen these images. It "
    "is no ground for choosing a dose without a physicist and a radiologist.",
)


NO_SLICE = "no slice has it at all doses"


def lowest_text(found: DoseResponse, basis: Basis) -> str:
    """The lowest dose that suffices by one of the curves, such as ``0.32 (6 mGy CTDIvol)``."""
    if not basis.values:
        return f"not judged: {NO_SLICE}"
    return _dose_text(found, basis) + _of_slices(found, basis)


def _of_slices(found: DoseResponse, basis: Basis) -> str:
    """On how many slices a curve rests, where these are not all; else empty."""
    total = found.counted
    return f", by {total - basis.missing} of {total} slices" if basis.missing else ""


def _dose_text(found: DoseResponse, basis: Basis) -> str:
    lowest = found.lowest(basis)
    if lowest.dose is None:
        return "none: it is not met at full dose"
    text = _up(lowest.dose)
    if found.ctdivol_mgy:  # some files state 0
        text += f" ({_up(lowest.dose * found.ctdivol_mgy)} mGy CTDIvol)"
    return text if lowest.bound == "crossing" else f"{text} or lower: the lowest simulated suffices"


def verdict(found: DoseResponse) -> str:
    """The answer, a sentence for each curve that it is read from, the safe ones.

    A criterion that was given and could not be judged has a sentence as well.
    """
    sentences = [_sentence(found, basis) for basis in found.leading]
    sentences += [f"{_name(basis)}: {NO_SLICE}, so it was not judged." for basis in found.unjudged]
    return " ".join(sentences)


def _name(basis: Basis) -> str:
    return basis.name[0].upper() + basis.name[1:]


def _sentence(found: DoseResponse, basis: Basis) -> str:
    lowest = found.lowest(basis)
    name, by = _name(basis), _of_slices(found, basis)
    if lowest.dose is None:
        has = basis.text(basis.values[0])
        return f"{name}: {basis.goal_text} is not met at full dose, which has {has}{by}."
    share = f"{_up(100 * lowest.dose)} % of the dose"
    if lowest.bound == "simulated":
        share += ", the lowest simulated"
    return f"{name}: {basis.goal_text} holds down to {share}{by}."


def _up(dose: float) -> str:
    """Two significant digits, rounded up: a little less dose would not suffice."""
    unit = 10.0 ** (math.floor(math.log10(dose)) - 1)
    return f"{math.ceil(round(dose / unit, 6)) * unit:g}"


def measured_text(found: DoseResponse) -> str:
    """Which slices noise level and d' are means of; empty where all have both at all doses."""
    named = (("Noise level", found.noise_hu), ("d'", found.dprime))
    return " ".join(
        f"{name}: mean of {mean.slices} of {found.counted} slices, which have it at all doses."
        if mean.slices
        else f"{name}: {NO_SLICE}."
        for name, mean in named
        if mean.missing
    )


def no_interval_text(found: DoseResponse) -> str:
    """Why the mean has no interval at some doses; empty where it has one at all."""
    if all(point.interval is not None for point in found.points):
        return ""
    count = slice_count(found.counted)
    return f"{count}: too few, or neighbors too alike, for an interval of the mean at each dose."


def half_dose_text(found: DoseResponse) -> str:
    """The score at half dose with its interval."""
    mean = found.at(found.bases[0], 0.5)
    if mean is None:
        return "not simulated"
    point = next((point for point in found.points if point.dose == 0.5), None)
    if point is None or point.interval is None:
        return f"{mean:.2f}"
    return f"{mean:.2f} ({interval_text(point.interval)})"

"""Warnings where low noise and a high score are no evidence of equivalent diagnosis.

Iterative and learned reconstructions, and denoisers, remove noise, and may remove small lesions
with it: readers found such lesions less often in a learned reconstruction, although its noise and
its model observer promised the opposite. So such a series gets one warning.

Where its header does not state the method, noise and texture show it. The noise power spectrum of
filtered back-projection is a ramp times the square of its kernel (Kijewski and Judy 1987, doi
10.1088/0031-9155/32/5/003), so that its variance is in proportion to the cube of the bandwidth,
and, by counting statistics, to the inverse of the dose behind the patient. Hence::

    noise * sqrt(CTDIvol * thickness * exp(-0.18 / cm * (Dw - 30 cm))) / (f_av / 0.3 per mm) ** 1.5

varies little between scanners, kernels, doses and patients of filtered back-projection. CTDIvol is
that of the phantom of 32 cm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from distiliqa.ct.header_facts import ITERATIVE, LEARNED, Acquisition
from distiliqa.metrics.ssde import of_body_phantom
from distiliqa.scoring.acquisition_summary import summary
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.slice_score import SliceScore

NO_EVIDENCE = "noise, d' and score are no evidence of equivalent diagnosis"
MIN_SHARE = 0.5  # of the slices that count, which the model has to find processed
# HU mGy^0.5 mm^0.5. Slices of filtered back-projection whose headers state a CTDIvol: 64 to 183.
MIN_NORMALIZED_NOISE = 40.0
# Mean frequency of the smoothest kernel of filtered back-projection (B10f). Denoised slices often
# have too little texture left to measure.
SMOOTHEST_PER_MM = 0.19
_ATTENUATION_PER_CM, _USUAL_CM = 0.18, 30.0  # of water at 120 kV, behind a patient
_USUAL_PER_MM = 0.3


def normalized_noise(
    noise_hu: float, mean_per_mm: float, ctdivol_mgy: float, thickness_mm: float, dw_mm: float
) -> float:
    """Noise of a slice, freed of dose, thickness, size and kernel as in filtered back-projection.

    Parameters
    ----------
    noise_hu : float
        Global noise level, HU.
    mean_per_mm : float
        Mean frequency of the noise power spectrum, 1/mm, above 0.
    ctdivol_mgy, thickness_mm : float
        CTDIvol by the phantom of 32 cm, and slice thickness.
    dw_mm : float
        Water-equivalent diameter.
    """
    behind = math.exp(-_ATTENUATION_PER_CM * (dw_mm / 10 - _USUAL_CM))
    bandwidth = (mean_per_mm / _USUAL_PER_MM) ** 1.5
    return noise_hu * math.sqrt(ctdivol_mgy * thickness_mm * behind) / bandwidth


def normalized_of(slices: Iterable[SliceScore]) -> float | None:
    """Mean of `normalized_noise` over the slices that have what it takes; None where none has."""
    found = [value for slice_ in slices if (value := _normalized(slice_)) is not None]
    return fmean(found) if found else None


def _normalized(slice_: SliceScore) -> float | None:
    made, measured = slice_.acquisition, slice_.measures
    if measured is None:
        return None
    noise, dw = slice_.noise_hu, measured.size.diameter_mm
    dose, thickness = made.ctdivol_mgy, made.slice_thickness_mm
    if noise is None or dw is None or dose is None or thickness is None:
        return None
    mean = measured.nps.mean_per_mm or SMOOTHEST_PER_MM
    dose = of_body_phantom(dose, slice_.ctdi_phantom_cm, dw)
    return normalized_noise(noise, mean, dose, thickness, dw)


def equivalence_warning(
    acquisition: Acquisition, processed: Sequence[bool], normalized: float | None = None
) -> str | None:
    """The one warning of a series that is denoised, or iterative or learned; else None.

    Parameters
    ----------
    acquisition : Acquisition
        Acquisition facts of the series.
    processed : Sequence[bool]
        For each slice that counts, whether the model finds that it was processed.
    normalized : float or None
        See `normalized_of`; None where it is not known.
    """
    reasons = []
    method = acquisition.reconstruction_method or ""  # of a mixed series the text names all
    if ITERATIVE in method or LEARNED in method:
        name = acquisition.reconstruction_algorithm
        algorithm = f" ({name})" if name else ""
        reasons.append(f"{method} reconstruction{algorithm}")
    if processed and sum(processed) > MIN_SHARE * len(processed):
        reasons.append("texture of a denoiser or filter by the model")
    if normalized is not None and normalized < MIN_NORMALIZED_NOISE:
        reasons.append("less noise than filtered back-projection gives at such dose and size")
    return f"{', '.join(reasons)}: {NO_EVIDENCE}" if reasons else None


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

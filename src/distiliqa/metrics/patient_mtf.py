"""Modulation transfer function of a patient scan, measured at the skin: its sharpness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.edge_spread import FREQUENCY, drawn_transfer_functions, edge_response
from distiliqa.metrics.edge_sums import EdgeSums, edge_sums
from distiliqa.metrics.filters import percentile
from distiliqa.metrics.skin_edge import SkinEdges, skin_edges
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

MIN_PROFILES = 50
MAX_OVER = 0.25  # of the profiles that count, those above 100 HU
MIN_F50, MAX_F50 = 0.18, 0.75  # 1/mm; validated for 0.2 to 0.7, doi 10.1002/acm2.70006
MAX_SPREAD = 0.15  # of f50, half the width of its interval
_MIN_ARCS = 2
_DRAWS = 60
_DRAWN = 4  # every fourth frequency of a draw is computed, for speed
_INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True, eq=False)
class PatientMtf:
    """Modulation transfer function at the skin of a patient.

    Attributes
    ----------
    f50_per_mm, f10_per_mm : float or None
        Frequencies at which the response falls to 50 and to 10 %, 1/mm. Higher is sharper. The
        second is None also where it is not below the Nyquist frequency of the pixels.
    interval_per_mm : tuple[float, float] or None
        95 % interval of f50 by a bootstrap of arcs of skin, or of slices, 1/mm.
    profiles : int
        Number of profiles across the skin that were used.
    response : ndarray of float64 or None
        (161,), the response at 0, 0.01, ... 1.6 /mm.
    reason : str or None
        Why there is no value; None where there is one.
    f10_reason : str or None
        Why there is no f10 where there is an f50; else None.
    """

    f50_per_mm: float | None = None
    f10_per_mm: float | None = None
    interval_per_mm: tuple[float, float] | None = None
    profiles: int = 0
    response: NDArray[np.float64] | None = None
    reason: str | None = None
    f10_reason: str | None = None

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Frequencies of ``response``, 1/mm."""
        return FREQUENCY


def patient_mtf(hu: NDArray[np.floating], spacing_mm: tuple[float, float] | None) -> PatientMtf:
    """Measure the modulation transfer function of a slice at the skin of the patient.

    Skin against air is an edge of 1000 HU in every scan (Sanders, Hurwitz, Samei 2016,
    doi 10.1118/1.4961984). Soft kernels of filtered back-projection have an f50 of about 0.3 /mm,
    hard ones of 0.42 /mm. See `skin_edges` and `edge_response` for the steps. Skin that is
    oblique to a thick slice blurs the edge: values of single slices at shoulders and hips are low.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float] or None
        Pixel spacing (between rows, between columns), mm.

    Returns
    -------
    PatientMtf
        Without a value and with a reason where no body is seen, the values are shifted, the pixels
        are unknown or not square, for fewer than 50 profiles of bare skin in the sharper half, for
        kernels that enhance the skin above 100 HU, and for an f50 that is uncertain by more than
        15 %, beyond 0.18 to 0.75 /mm, or beyond the Nyquist frequency.
    """
    parts = SliceParts(hu, spacing_mm)
    try:
        return mtf_of_edges(skin_edges(parts.outline, parts.pixel_mm), parts.pixel_mm)
    except NotMeasurable as reason:
        return PatientMtf(reason=str(reason))


def mtf_of_edges(edges: SkinEdges, pixel_mm: float) -> PatientMtf:
    """Measure the modulation transfer function of profiles across the skin."""
    try:
        return _mtf(sums_of_edges(edges, pixel_mm))
    except NotMeasurable as reason:
        return PatientMtf(profiles=edges.places.profiles, reason=str(reason))


def sums_of_edges(edges: SkinEdges, pixel_mm: float, least: int = MIN_PROFILES) -> EdgeSums:
    """Sum the pixels of ``least`` profiles or more by their distance from the skin.

    Raises `NotMeasurable` where there are few, or where the kernel enhances edges beyond skin: the
    profiles that are left are then the blurred ones.
    """
    if edges.over.profiles > MAX_OVER * edges.places.profiles:
        raise NotMeasurable("the kernel enhances the edge of the skin above 100 HU")
    if edges.places.profiles >= least:
        sums = edge_sums(edges.values, edges.distance, pixel_mm)
        if sums.profiles >= least:
            return sums
    raise NotMeasurable(f"fewer than {least} profiles of bare skin in the sharper half")


def pooled_mtf(slices: Sequence[EdgeSums]) -> PatientMtf:
    """Measure the modulation transfer function of slices together; the bootstrap draws slices.

    Slices have the same pixels. One slice alone is bootstrapped by its arcs of skin.
    """
    profiles = sum(slice_.profiles for slice_ in slices)
    if profiles < MIN_PROFILES:
        return PatientMtf(profiles=profiles, reason="all slices together have too little bare skin")
    return _mtf(slices[0] if len(slices) == 1 else joined(slices))


def joined(slices: Sequence[EdgeSums]) -> EdgeSums:
    """Sums of many slices, with a slice in the place of an arc."""
    totals = [slice_.total for slice_ in slices]
    sums, counts = (np.concatenate(parts) for parts in list(zip(*totals, strict=True))[:2])
    profiles = sum(slice_.profiles for slice_ in slices)
    return EdgeSums(sums, counts, slices[0].pixel_mm, profiles)


def _mtf(sums: EdgeSums) -> PatientMtf:
    edge = edge_response(sums)
    response = edge.transfer_function
    nyquist = 0.5 / sums.pixel_mm
    f50, f10 = (crossing(response[np.newaxis], level)[0] for level in (0.5, 0.1))
    if not f50 < nyquist:
        return PatientMtf(
            profiles=sums.profiles, reason="an edge that is sharper than the pixels can show"
        )
    if not MIN_F50 <= f50 <= MAX_F50:
        reason = f"f50 beyond {MIN_F50} to {MAX_F50} /mm, where the method holds"
        return PatientMtf(profiles=sums.profiles, reason=reason)
    interval = _interval(sums, edge.ideal, float(f50))
    if interval is None or np.ptp(interval) / 2 > MAX_SPREAD * f50:
        return PatientMtf(
            profiles=sums.profiles, reason="parts of the skin differ in sharpness too much"
        )
    is_shown = bool(f10 < nyquist)
    return PatientMtf(
        float(f50),
        float(f10) if is_shown else None,
        interval,
        sums.profiles,
        response,
        f10_reason=None if is_shown else "f10 beyond the Nyquist frequency of the pixels",
    )


def _interval(
    sums: EdgeSums, ideal: NDArray[np.complex128], f50: float
) -> tuple[float, float] | None:
    """Bootstrap interval of f50; None where some draws have none."""
    arcs = len(sums.sums)
    if arcs < _MIN_ARCS:
        return None
    responses = drawn_transfer_functions(sums, _draws(arcs), ideal, _DRAWN)
    found = crossing(responses, 0.5, FREQUENCY[_DRAWN])
    if np.isnan(found).any():
        return None
    low, high = (percentile(found, percent) for percent in _INTERVAL)
    # The frequencies of the draws are coarse: without noise all lie just beside f50.
    return min(low, f50), max(high, f50)


@lru_cache(maxsize=64)
def _draws(arcs: int) -> NDArray[np.float64]:
    """How often each arc is drawn, (draws, arcs)."""
    rng = np.random.default_rng(0)
    return rng.multinomial(arcs, np.full(arcs, 1 / arcs), _DRAWS).astype(np.float64)


def crossing(
    responses: NDArray[np.float64], level: float, step: float = FREQUENCY[1]
) -> NDArray[np.float64]:
    """Frequency at which each response first falls below a level, 1/mm; NaN where it does not."""
    below = responses < level
    at = np.maximum(below.argmax(axis=1), 1)
    rows = np.arange(len(responses))
    before, after = responses[rows, at - 1], responses[rows, at]
    share = (before - level) / np.where(before > after, before - after, 1)
    return np.where(below.any(axis=1), (at - 1 + share) * step, np.nan)

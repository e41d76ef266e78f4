"""Measures of a series: those of its slices, and sharpness, texture and d' of all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.metrics.detectability import Detectability, detectability
from distiliqa.metrics.edge_spread import FREQUENCY, drawn_transfer_functions, edge_response
from distiliqa.metrics.edge_sums import EdgeSums
from distiliqa.metrics.patient_mtf import PatientMtf, joined, pooled_mtf, sums_of_edges
from distiliqa.metrics.patient_nps import PatientNps, RegionSums, pooled_nps, spectrum_of
from distiliqa.metrics.skin_edge import SkinEdges, SkinPlaces
from distiliqa.metrics.slice_measures import (
    Evidence,
    HasReason,
    SliceMeasures,
    detectability_of,
    measure_slice,
)
from distiliqa.metrics.slice_parts import NotMeasurable

MAX_SKIN_TILT = 20.0  # degrees between the normal of the skin and the slice
MAX_GAP_MM = 10.0  # to the slices by which the tilt of the skin is measured
_MIN_SLICES = 2
_MIN_PROFILES = 20  # of a slice, to be pooled with others
_DRAWS = 100
_INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True, eq=False)
class PooledMeasures:
    """Sharpness, texture and detectability of many slices together.

    Attributes
    ----------
    mtf : PatientMtf
        Sharpness, with a 95 % interval of f50.
    nps : PatientNps
        Texture, with a 95 % interval of the mean frequency.
    detectability : Detectability
        d' from both.
    npw_interval : tuple[float, float] or None
        95 % interval of d' without the eye; None for fewer than two slices.
    slices : int
        Number of slices that gave profiles or regions.
    """

    mtf: PatientMtf
    nps: PatientNps
    detectability: Detectability
    npw_interval: tuple[float, float] | None
    slices: int

    @property
    def reasons(self) -> dict[str, str]:
        """Why a measure has no value, by the name of the measure."""
        parts: dict[str, HasReason] = {
            "mtf": self.mtf,
            "nps": self.nps,
            "detectability": self.detectability,
        }
        found = {name: part.reason for name, part in parts.items() if part.reason}
        return found | ({"f10": self.mtf.f10_reason} if self.mtf.f10_reason else {})


@dataclass(frozen=True, eq=False)
class SeriesMeasures:
    """Measures of a series.

    Attributes
    ----------
    slices : tuple[SliceMeasures, ...]
        Those of each slice, in the order given.
    pooled : PooledMeasures
        Those of all slices together.
    """

    slices: tuple[SliceMeasures, ...]
    pooled: PooledMeasures


def measure_series(slices: Iterable[CTSlice]) -> SeriesMeasures:
    """Measure the slices of a series, each by itself and all together.

    Parameters
    ----------
    slices : Iterable[CTSlice]
        Slices of one series; none is kept.

    Returns
    -------
    SeriesMeasures
        Measures without a value have a reason.
    """
    measured = tuple(measure_slice(slice_) for slice_ in slices)
    fields = [slice_.detectability.eye.field_of_view_mm for slice_ in measured]
    evidence = [slice_.evidence for slice_ in measured if slice_.evidence is not None]
    return SeriesMeasures(measured, pooled_measures(evidence, max(fields, default=0.0)))


def pooled_measures(evidence: Sequence[Evidence], field_of_view_mm: float) -> PooledMeasures:
    """Measure sharpness, texture and detectability of many slices together.

    Skin whose normal is more than 20 degrees out of the plane of its slice, by the neighboring
    slices, does not count. Intervals come from a bootstrap of slices. They speak for these slices:
    neighbors are alike, and other patients differ more.

    Parameters
    ----------
    evidence : Sequence[Evidence]
        Of slices of one series, see `SliceMeasures`. Slices with other pixels than most are left
        out.
    field_of_view_mm : float
        Width of the image in the patient, mm, for the eye.

    Returns
    -------
    PooledMeasures
        Measures without a value have a reason.
    """
    alike = _alike(evidence)
    if not alike:
        mtf, nps = pooled_mtf([]), pooled_nps([], 0.0)
        return PooledMeasures(mtf, nps, detectability_of(mtf, nps, field_of_view_mm), None, 0)
    pixel_mm = alike[0].pixel_mm or 0.0
    level = (_level_edges(alike, at) for at in range(len(alike)))
    sums = [_sums(edges, pixel_mm) for edges in level if edges is not None]
    edges = [found for found in sums if found is not None]
    regions = [part.regions for part in alike if part.regions is not None]
    mtf, nps = pooled_mtf(edges), pooled_nps(regions, pixel_mm)
    found = detectability_of(mtf, nps, field_of_view_mm)
    interval = None if found.npw is None else _npw_interval(edges, regions, pixel_mm, found)
    return PooledMeasures(mtf, nps, found, interval, len(alike))


def _sums(edges: SkinEdges, pixel_mm: float) -> EdgeSums | None:
    """Sums of a slice; None where it has too few profiles."""
    try:
        return sums_of_edges(edges, pixel_mm, _MIN_PROFILES)
    except NotMeasurable:
        return None


def _alike(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Slices with evidence and the commonest pixels, by position where all have one."""
    usable = [part for part in evidence if part.pixel_mm is not None]
    pixels = Counter(part.pixel_mm for part in usable).most_common(1)
    alike = [part for part in usable if part.pixel_mm == pixels[0][0]] if pixels else []
    if any(part.position_mm is None for part in alike):
        return alike
    return sorted(alike, key=lambda part: part.position_mm or 0.0)


def _level_edges(alike: Sequence[Evidence], at: int) -> SkinEdges | None:
    """Profiles of a slice whose skin is upright in it, by the slices beside it."""
    here = alike[at]
    if here.edges is None:
        return None
    beside = [alike[number] for number in (at - 1, at + 1) if 0 <= number < len(alike)]
    shifts = [shift for other in beside if (shift := _shift(here, other)) is not None]
    return here.edges.chosen(partial(_is_level, shifts)) if shifts else here.edges


class _Shift(NamedTuple):
    """How far the skin lies from that of another slice along each line, and the slices, mm."""

    depth_mm: NDArray[np.float64]
    gap_mm: float


def _shift(here: Evidence, beside: Evidence) -> _Shift | None:
    """None where slices are far apart."""
    if here.edges is None or beside.edges is None:
        return None
    if here.position_mm is None or beside.position_mm is None:
        return None
    gap = abs(here.position_mm - beside.position_mm)
    if not 0 < gap <= MAX_GAP_MM or here.edges.depth_mm.shape != beside.edges.depth_mm.shape:
        return None
    return _Shift(np.abs(here.edges.depth_mm - beside.edges.depth_mm), gap)


def _is_level(shifts: Iterable[_Shift], places: SkinPlaces) -> NDArray[np.bool_]:
    """Whether the angle between skin and axis is small, by the slice where it is smaller."""
    tilts = [
        np.degrees(np.arctan2(shift.depth_mm[places.at] * places.cosine, shift.gap_mm))
        for shift in shifts
    ]
    smaller: NDArray[np.float64] = np.nanmin([*tilts, np.full(places.profiles, 90.0)], 0)
    return smaller < MAX_SKIN_TILT


def _npw_interval(
    edges: Sequence[EdgeSums],
    regions: Sequence[RegionSums],
    pixel_mm: float,
    found: Detectability,
) -> tuple[float, float] | None:
    """Bootstrap interval of d' of the observer without the eye."""
    if min(len(edges), len(regions)) < _MIN_SLICES:
        return None
    rng = np.random.default_rng(0)
    draws, weights = (_draws(rng, len(part)) for part in (edges, regions))
    sums = joined(edges)
    responses = drawn_transfer_functions(sums, draws, edge_response(sums).ideal)
    values = []
    for response, weight in zip(responses, weights, strict=True):
        frequency, power = spectrum_of(regions, weight, pixel_mm).radial()
        transfer = np.interp(frequency, FREQUENCY, response)
        values.append(detectability(frequency, transfer, power, found.task, found.eye).npw)
    low, high = np.percentile(np.array(values, np.float64), _INTERVAL)
    return float(low), float(high)


def _draws(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return rng.multinomial(count, np.full(count, 1 / count), _DRAWS).astype(np.float64)

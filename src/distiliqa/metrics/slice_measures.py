"""All measures of a slice: noise, sharpness, texture, detectability, size, dose, streaks, rings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from distiliqa.ct import CTSlice
from distiliqa.metrics.body_size import BodySize, body_size
from distiliqa.metrics.detectability import Detectability, Eye, detectability
from distiliqa.metrics.noise_level import NoiseLevel
from distiliqa.metrics.off_center import OffCenter, axis_in_image, off_center
from distiliqa.metrics.patient_mtf import PatientMtf, mtf_of_edges
from distiliqa.metrics.patient_nps import PatientNps, RegionSums, pooled_nps, region_sums
from distiliqa.metrics.ring_index import RingIndex, ring_index
from distiliqa.metrics.skin_edge import SkinEdges, skin_edges
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts
from distiliqa.metrics.ssde import OTHER_PHANTOM, TRUNK, ReportedDose, Ssde, ssde
from distiliqa.metrics.streak_index import StreakIndex, streak_index
from distiliqa.metrics.tissue_noise import TissueNoise, tissue_noise

NOISE_IN = "noise in"  # a tissue: the name of its measure among reasons
MAX_THICKNESS_MM = 5.0
MAX_TILT = 8.0  # degrees; beyond it the diameter of an oblique section is 0.5 % too large
_MIN_RING, _MIN_PEAK = 0.8, 0.8  # of heads, and of phantoms of one material


class HasReason(Protocol):
    """A measure that says why it has no value."""

    @property
    def reason(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the measures of a slice are made from, for measures of many slices together.

    Attributes
    ----------
    edges : SkinEdges or None
        Profiles across the skin; None where the slice has none.
    regions : RegionSums or None
        Autocorrelation of plain regions; None where the slice has too few.
    pixel_mm : float or None
        Side of the square pixels, mm.
    position_mm : float or None
        Position of the slice, mm.
    """

    edges: SkinEdges | None
    regions: RegionSums | None
    pixel_mm: float | None
    position_mm: float | None


@dataclass(frozen=True, eq=False, repr=False)
class SliceMeasures:
    """All measures of a slice. A measure without a value has a reason.

    Attributes
    ----------
    noise : NoiseLevel
        Global noise level, and its parameters.
    mtf : PatientMtf
        Sharpness at the skin.
    nps : PatientNps
        Texture of the noise.
    detectability : Detectability
        d' of a disc of 10 mm and 20 HU.
    size : BodySize
        Water-equivalent diameter, truncation and place of the body.
    off_center : OffCenter
        Centering.
    ssde : Ssde
        Size-specific dose estimate.
    tissue_noise : TissueNoise
        Noise in lung, fat and bone.
    streaks : StreakIndex
        Streaks in soft tissue and in air.
    rings : RingIndex
        Rings around the axis.
    evidence : Evidence or None
        For `pooled_measures`; None where only numbers are kept.
    """

    noise: NoiseLevel
    mtf: PatientMtf
    nps: PatientNps
    detectability: Detectability
    size: BodySize
    off_center: OffCenter
    ssde: Ssde
    tissue_noise: TissueNoise
    streaks: StreakIndex
    rings: RingIndex
    evidence: Evidence | None

    def __repr__(self) -> str:
        values = (
            ("noise", self.noise.noise_hu, " HU"),
            ("f50", self.mtf.f50_per_mm, " /mm"),
            ("d'", self.detectability.npw, ""),
            ("Dw", self.size.diameter_mm, " mm"),
        )
        known = (f"{name} {value:.3g}{unit}" for name, value, unit in values if value is not None)
        return f"<SliceMeasures: {', '.join(known) or 'no value'}>"

    @property
    def numbers(self) -> SliceMeasures:
        """The same without arrays, for results of many slices."""
        return replace(
            self,
            mtf=replace(self.mtf, response=None),
            nps=replace(self.nps, spectrum=None, radial=None),
            evidence=None,
        )

    @property
    def reasons(self) -> dict[str, str]:
        """Why a measure has no value, by the name of the measure."""
        parts: dict[str, HasReason] = {
            "noise": self.noise,
            "mtf": self.mtf,
            "nps": self.nps,
            "detectability": self.detectability,
            "size": self.size,
            "off_center": self.off_center,
            "ssde": self.ssde,
            "tissue_noise": self.tissue_noise,
            "streaks in tissue": self.streaks.tissue,
            "streaks in air": self.streaks.air,
            "rings": self.rings,
        }
        found = {name: part.reason for name, part in parts.items() if part.reason}
        if self.mtf.f10_reason:
            found["f10"] = self.mtf.f10_reason
        tissues = self.tissue_noise.reasons.items()
        return found | {f"{NOISE_IN} {tissue}": reason for tissue, reason in tissues}


def measure_slice(
    ct: CTSlice, *, parts: SliceParts | None = None, reported: ReportedDose | None = None
) -> SliceMeasures:
    """Measure all that a single slice shows.

    Parameters
    ----------
    ct : CTSlice
        A slice in HU in the standard view.
    parts : SliceParts, optional
        What its measures share, such as a noise level that is computed already.
    reported : ReportedDose, optional
        CTDIvol and its phantom by a dose report, for a header that does not state them. Where both
        state a phantom and differ, in this slice or in another of its series, there is no SSDE.

    Returns
    -------
    SliceMeasures
        A measure that cannot be had has no value and a reason; nothing is raised for that.
    """
    parts = parts or SliceParts(ct.hu, ct.spacing_mm)
    mtf, edges = _sharpness(ct, parts)
    nps, regions = _texture(parts)
    size = _size(ct, parts)
    pixel_mm = None if edges is None and regions is None else parts.pixel_mm
    return SliceMeasures(
        noise=parts.noise,
        mtf=mtf,
        nps=nps,
        detectability=detectability_of(mtf, nps, _field_of_view_mm(ct)),
        size=size,
        off_center=off_center(ct, size),
        ssde=_ssde(ct, size, _content(ct, parts), reported or ReportedDose()),
        tissue_noise=tissue_noise(ct.hu, ct.spacing_mm, parts=parts),
        streaks=streak_index(ct.hu, ct.spacing_mm, parts=parts),
        rings=ring_index(ct.hu, ct.spacing_mm, axis_in_image(ct), parts=parts),
        evidence=Evidence(edges, regions, pixel_mm, ct.position_mm),
    )


def detectability_of(mtf: PatientMtf, nps: PatientNps, field_of_view_mm: float) -> Detectability:
    """Detectability from measured sharpness and texture; without a value where one has none."""
    eye = Eye(field_of_view_mm=field_of_view_mm)
    if mtf.response is None:
        return Detectability(eye=eye, reason=f"no sharpness: {mtf.reason}")
    if nps.radial is None:
        return Detectability(eye=eye, reason=f"no texture: {nps.reason}")
    frequency, power = nps.radial
    transfer = np.interp(frequency, mtf.frequency, mtf.response)
    return detectability(frequency, transfer, power, eye=eye)


def _sharpness(ct: CTSlice, parts: SliceParts) -> tuple[PatientMtf, SkinEdges | None]:
    if (thick := _thick(ct)) is not None:
        return PatientMtf(reason=f"{thick}: skin that is oblique to them blurs its edge"), None
    try:
        edges = skin_edges(parts.outline, parts.pixel_mm)
    except NotMeasurable as reason:
        return PatientMtf(reason=str(reason)), None
    return mtf_of_edges(edges, parts.pixel_mm), edges


def _thick(ct: CTSlice) -> str | None:
    """What is too thick for the sharpness; None for thin slices, and where nothing is known.

    A volume states no thickness, so its step stands for it.
    """
    thickness, step = ct.acquisition.slice_thickness_mm, ct.info.step_mm
    if thickness is None and step is not None and step > MAX_THICKNESS_MM:
        return f"slices of unknown thickness, {step:.3g} mm apart"
    return f"slices of {thickness:g} mm" if (thickness or 0.0) > MAX_THICKNESS_MM else None


def _texture(parts: SliceParts) -> tuple[PatientNps, RegionSums | None]:
    try:
        regions = region_sums(parts)
    except NotMeasurable as reason:
        return PatientNps(reason=str(reason)), None
    return pooled_nps([regions], parts.pixel_mm), regions


def _size(ct: CTSlice, parts: SliceParts) -> BodySize:
    if ct.info.tilt_degrees > MAX_TILT:
        reason = f"tilted by {ct.info.tilt_degrees:.0f} degrees: not across the body"
        return BodySize(reason=reason)
    return body_size(ct.hu, ct.spacing_mm, parts=parts)


def _ssde(ct: CTSlice, size: BodySize, regions: tuple[str, ...], reported: ReportedDose) -> Ssde:
    stated, stated_cm = ct.acquisition.ctdivol_mgy or None, ct.acquisition.ctdi_phantom_cm
    if stated_cm and reported.phantom_cm and stated_cm != reported.phantom_cm:
        reason = (
            f"the phantom of CTDIvol has {stated_cm} cm in the header and "
            f"{reported.phantom_cm} cm in the dose report"
        )
        return Ssde(reason=reason)
    if reported.is_refused:
        return Ssde(reason=OTHER_PHANTOM)
    ctdivol_mgy, phantom_cm = stated or reported.ctdivol_mgy, stated_cm or reported.phantom_cm
    found = ssde(ctdivol_mgy, size.diameter_mm, phantom_cm, regions)
    found = replace(found, phantom_cm=phantom_cm)
    if found.ssde_mgy is None:
        return found
    return replace(found, ctdivol_from="header" if stated else "dose report")


def _content(ct: CTSlice, parts: SliceParts) -> tuple[str, ...]:
    """Regions that the header names, and head and phantom where the image shows them."""
    tissue = None if parts.shift else parts.shape.tissue
    if tissue is None:
        return ct.regions
    if tissue.ring > _MIN_RING:  # a slice that shows a head is none of the trunk that is named
        return (*(region for region in ct.regions if region not in TRUNK), "head")
    seen = ("phantom",) * (tissue.bone == 0 and tissue.peak > _MIN_PEAK)
    return (*ct.regions, *seen)


def _field_of_view_mm(ct: CTSlice) -> float:
    """Width of the image in the patient, mm; 0 where the pixel spacing is not known."""
    return ct.shape[1] * ct.spacing_mm[1] if ct.spacing_mm else 0.0

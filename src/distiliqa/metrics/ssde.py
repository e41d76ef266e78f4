"""Size-specific dose estimate: the dose of a slice in a patient of this size."""

from __future__ import annotations

import math
from dataclasses import dataclass

BODY_PHANTOM_CM = 32
# AAPM Report 204 (2011), by diameter of the phantom of CTDIvol, cm: a and b of a exp(-b Dw), and
# the range of Dw, cm, for which it is given.
_FACTORS = {
    BODY_PHANTOM_CM: (3.704369, 0.03671937, 8.0, 45.0),
    16: (1.874799, 0.03871313, 6.0, 55.0),
}
_NO_SSDE = {
    "phantom": "a phantom",
    "animal": "an animal",
    "head": "a head: AAPM Report 293, whose coefficients are not here, replaces 204",
    "limb": "a limb: AAPM Report 204 is of the trunk",
    "neck": "a neck: AAPM Report 204 is of the trunk",
}
TRUNK = {"chest", "abdomen"}
_BESIDE_TRUNK = {"head", "limb", "neck"}  # a scan of the trunk may show them too
SEVERAL_REGIONS = (
    "the header names several regions: it is not known which slices are of the trunk, for which "
    "AAPM Report 204 holds"
)
NO_CTDIVOL = "no CTDIvol above 0, in the header or a dose report"
NO_PHANTOM = "the phantom of CTDIvol is not stated"
OTHER_PHANTOM = "other slices of the series state another phantom of CTDIvol than the dose report"
DOSE_REASONS = (NO_CTDIVOL, NO_PHANTOM)  # which a dose report may take away


@dataclass(frozen=True)
class ReportedDose:
    """What a dose report states of the irradiation event of a slice.

    Attributes
    ----------
    ctdivol_mgy : float or None
        Mean CTDIvol of the event, mGy.
    phantom_cm : int or None
        Diameter of the phantom of CTDIvol, cm.
    is_refused : bool
        Whether slices of the series state another phantom: which of both is right is not known.
    """

    ctdivol_mgy: float | None = None
    phantom_cm: int | None = None
    is_refused: bool = False


@dataclass(frozen=True)
class Ssde:
    """Size-specific dose estimate.

    Attributes
    ----------
    ssde_mgy : float or None
        Dose estimate, mGy.
    factor : float or None
        Its ratio to CTDIvol.
    reason : str or None
        Why there is no value; None where there is one.
    ctdivol_from : str or None
        ``header``, the CTDIvol of the slice, or ``dose report``, the mean of the event; None where
        it is not known or there is no value.
    phantom_cm : int or None
        Diameter of the phantom of CTDIvol by the header, else by the dose report, cm; None where
        it is not known or both differ.
    """

    ssde_mgy: float | None = None
    factor: float | None = None
    reason: str | None = None
    ctdivol_from: str | None = None
    phantom_cm: int | None = None


def ssde(
    ctdivol_mgy: float | None,
    diameter_mm: float | None,
    phantom_cm: int | None,
    regions: tuple[str, ...] = (),
) -> Ssde:
    """Size-specific dose estimate, CTDIvol a exp(-b Dw), of AAPM Reports 204 and 220.

    Parameters
    ----------
    ctdivol_mgy : float or None
        CTDIvol of the slice, mGy.
    diameter_mm : float or None
        Water-equivalent diameter, mm.
    phantom_cm : int or None
        Diameter of the phantom of CTDIvol, 16 or 32 cm; (0018,9346) of DICOM.
    regions : tuple[str, ...]
        Body regions of the slice, by the names of `distiliqa.ct.SliceInfo`.

    Returns
    -------
    Ssde
        Without a value and with a reason for heads, limbs, necks, phantoms and animals, where an
        input is missing, and for diameters out of 8 to 45 cm (phantom of 32 cm) or 6 to 55 cm
        (16 cm).
    """
    for region, reason in _NO_SSDE.items():
        if region in regions:
            several = region in _BESIDE_TRUNK and not TRUNK.isdisjoint(regions)
            return Ssde(reason=SEVERAL_REGIONS if several else reason)
    if ctdivol_mgy is None or not (math.isfinite(ctdivol_mgy) and ctdivol_mgy > 0):
        return Ssde(reason=NO_CTDIVOL)
    if phantom_cm not in _FACTORS:
        return Ssde(reason=NO_PHANTOM)
    if diameter_mm is None:
        return Ssde(reason="no water-equivalent diameter")
    a, b, low, high = _FACTORS[phantom_cm]
    diameter_cm = diameter_mm / 10
    if not low <= diameter_cm <= high:
        reason = f"diameter beyond the {low:g} to {high:g} cm of AAPM 204"
        return Ssde(reason=reason)
    factor = a * math.exp(-b * diameter_cm)
    return Ssde(ctdivol_mgy * factor, factor)


def of_body_phantom(ctdivol_mgy: float, phantom_cm: int | None, diameter_mm: float) -> float:
    """CTDIvol by the phantom of 32 cm, about half of that by the phantom of 16 cm.

    It is the one that gives a patient of this size the same dose by AAPM Report 204. Another
    phantom, or one that is not known, is taken for that of 32 cm.

    Parameters
    ----------
    ctdivol_mgy : float
        CTDIvol, mGy.
    phantom_cm : int or None
        Diameter of its phantom, cm.
    diameter_mm : float
        Water-equivalent diameter, mm.
    """
    body = _FACTORS[BODY_PHANTOM_CM]
    own = _FACTORS.get(phantom_cm or BODY_PHANTOM_CM, body)
    return ctdivol_mgy * (own[0] / body[0] * math.exp((body[1] - own[1]) * diameter_mm / 10))

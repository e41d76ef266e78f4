"""Whether the exposure that a header states agrees with its tube current and its times.

Exposure (0018,1152) is tube current times exposure time (PS3.3, C.8.2.1); spiral scans often state
the effective one, tube current times rotation time over pitch. Some scanners write neither: 10268
where tube current and time give 178 mAs, or 17 where they give 284.
"""

from __future__ import annotations

from collections.abc import Sequence

CONTRADICTION = (
    "the exposure in the file contradicts tube current x time, also over the pitch: mAs is left out"
)

TOLERANCE = 1.3  # tube current is modulated within a rotation, and times and pitch are rounded
ROUNDING_MAS = 2.0  # small exposures are written as whole numbers
# Of spiral scans: gated ones of the heart are the slowest, those with two tubes the fastest.
MIN_PITCH, MAX_PITCH = 0.15, 3.5


def contradicts(
    exposure_mas: float | None,
    tube_current_ma: float | None,
    times_s: Sequence[float],
    pitch: float | None,
) -> bool:
    """Whether no way to state it makes an exposure of what else the header says.

    Parameters
    ----------
    times_s : exposure time and rotation time, s, as far as they are stated.
    pitch : Spiral Pitch Factor; None where it is not stated, so that any usual one may be meant.

    Returns
    -------
    False also where too little is stated to judge.
    """
    products = [tube_current_ma * time for time in times_s if time > 0] if tube_current_ma else []
    if exposure_mas is None or not products:
        return False
    if pitch is None or pitch <= 0:
        return not _agrees(exposure_mas, min(products) / MAX_PITCH, max(products) / MIN_PITCH)
    effective = [product / pitch for product in products]
    return not any(_agrees(exposure_mas, one, one) for one in (*products, *effective))


def _agrees(value: float, low: float, high: float) -> bool:
    low, high = low / TOLERANCE - ROUNDING_MAS, high * TOLERANCE + ROUNDING_MAS
    return low <= value <= high

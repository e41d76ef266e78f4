"""Kind of a frame by Image Type: an acquired slice, or an image that was computed from slices.

Values 3 and beyond of Image Type (0008,0008) and Frame Type (0008,9007) are defined terms and
words of vendors: DICOM PS3.3, C.8.2.1.1.1 (CT, with multi-energy CT), C.8.15.2.1.1 and C.8.16.1
(enhanced CT), C.8.16.2 (volumetric properties), and PS3.16, CID 7203 (derivation).

Projections, reformats, maps and sums have another noise than an acquired slice, or no HU at all. A
score of image quality means nothing there. DERIVED alone is no reason to leave an image out:
anonymized copies, denoised images and mixes of two tube voltages are derived, and sound CT.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from distiliqa.errors import shortened

# Patterns for values in which all separators have become one space.
_UNFIT = {
    "not an axial slice": r"LOCALI[SZ]ER|SCOUT|TOPOGRAM|SCANO\w*|SURVIEW|SCREEN ?SAVE|PROT(OCOL)?"
    r"|DOSE (INFO|REPORT)",
    "a projection or mean of several slices": r"\w*M(AX ?|IN ?)?IP\d*|M(AX|IN)(IMUM)?( INTENSITY)?"
    r"|MNIP|MEAN|MEDIAN|AVERAGE|AVG|AV(E|G)?IP|AIP|R(AY|AD) ?SUM|PROJECTION",
    "a reformat of other slices": r"\w*MPR\w*|CPR|\w*REFORMAT\w*|CURVED|RESAMPLED"
    r"|CORONAL|SAGITTAL|CSA ?(PARALLEL|RADIAL|RANGE\w*)|CSA (?!MANIPULATED)\w+",
    "a map of a material, not HU": r"MAT (SPECIFIC|FRACTIONAL|MODIFIED|VALUE BASED)|EFF ATOMIC NUM"
    r"|E(LECTRON)? ?DENSITY|Z ?EFF\w*|EFF(ECTIVE)? (Z|ATOMIC)|RHO|IODINE\w*|MD \w+|GSI MD"
    r"|\w*OVERLAY\w*|\w*PBV|URIC ACID|SBI|MATERIAL\w*",
    "a map of perfusion, not HU": r"CBF|CBV|MTT|TTP|TTD|TTS|T ?MAX|PERMEABILITY"
    r"|BLOOD (FLOW|VOLUME)",
    "computed from several images": r"ADDITION|DIVISION|MASKED|MULTIPLICATION|SUB(TRACT\w*)?"
    r"|QUANTITY|STD DEV\w*",
    "a rendering, not a slice": r"VRT?|SSD|VOLREN\w*|\w*RENDER\w*|SEGMENTATION|FUSION",
}
_UNFIT_IF_DERIVED = {"a map of perfusion, not HU": r"PERFUSION"}

# Code values of the scheme DCM.
_DERIVATIONS = {
    "a projection or mean of several slices": {"113048", "113049", "113051", "113078", "113079"},
    "a reformat of other slices": {"113072", "113073", "113085"},
    "computed from several images": {"113042", "113046", "113047", "113053", "113062"},
    "a rendering, not a slice": {"113074", "113075", "113076"},
}

# Images in HU that were computed from two energies: sound CT, with a noise of its own.
_NOTED = {
    "a virtual monoenergetic image: noise and contrast are not those of one tube voltage": r"VMI"
    r"|MONO(?!CHROME)\w*|\d+ ?KEV|KEV ?\d+",
    "a virtual image with a material removed: its noise is that of the computation": r"MAT REMOVED"
    r"|VNC\w*|TNC|VUE|VIRTUAL ?NON ?C\w*|VIRTUAL ?UNENHANCED|CALCIUM SUPP\w*",
}


@lru_cache(maxsize=256)  # all frames of a series have the same
def unfit_type(image_type: str) -> str | None:
    """Reason why an Image Type is not that of an acquired slice; None if it may be.

    Parameters
    ----------
    image_type : all values, separated by backslashes as in the file.
    """
    values = _values(image_type)
    kinds = [*_UNFIT.items(), *(_UNFIT_IF_DERIVED.items() if "DERIVED" in values else ())]
    for what, words in kinds:
        if (found := _first(words, values)) is not None:
            return f"{what} (Image Type {shortened(found)})"
    return None


@lru_cache(maxsize=256)
def image_type_notes(image_type: str) -> tuple[str, ...]:
    """Notes for the reader of a score on an Image Type that is sound CT."""
    values = _values(image_type)
    return tuple(note for note, words in _NOTED.items() if _first(words, values) is not None)


def unfit_derivation(codes: Iterable[str]) -> str | None:
    """Reason why derivation codes are not those of an acquired slice; None if they may be."""
    named = set(codes)
    for what, derived in _DERIVATIONS.items():
        if found := sorted(derived & named):
            return f"{what} (Derivation Code {', '.join(found)})"
    return None


def _values(image_type: str) -> list[str]:
    return image_type.upper().split("\\")


def _first(words: str, values: list[str]) -> str | None:
    """The first value in which one of ``words`` is a whole word."""
    pattern = re.compile(rf"\b({words})\b")
    plain = (re.sub(r"[\W_]+", " ", value) for value in values)
    return next(
        (value for value, text in zip(values, plain, strict=True) if pattern.search(text)), None
    )

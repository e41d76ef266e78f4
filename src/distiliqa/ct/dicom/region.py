"""Body region, phantom or animal, by the header of a slice.

Body Part Examined (0018,0015) and Anatomic Region Sequence (0008,2218) come first, if they name a
region that is known here (PS3.16, Annex L; CID 4030). Scanners leave them empty or at a default.
Then series description, protocol and study description are searched. Last come a filter (0018,1160)
and a kernel that scanners use for heads alone. The name of a phantom in any text takes precedence
over all, and so does a species that is not human (0010,2201). The texts are never kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

HEAD, NECK, LIMB, PHANTOM, ANIMAL = "head", "neck", "limb", "phantom", "animal"
CHEST, ABDOMEN = "chest", "abdomen"

_FIRST = r"(?! ?(FIRST|IN\b|OF\b)|S UP\b)"  # a patient goes head first, and a pancreas has a head
# Parts of the trunk and of limbs that have a head, a neck, a sinus or a fossa.
_PARTS = (
    r"PAN[CK]REA\w*|(GALL ?)?BLADDER|UTERINE|RENAL|CORONARY|AORTIC|PILONIDAL|SACRAL|RIBS?|ILIAC"
    r"|FEMORAL|FEMUR|HUMER\w+|RADI(AL|US)|ULNAR?|FIBULAR?|META(TARS|CARP)AL|TAL(AR|US)|TARSAL"
    r"|POPLITEAL|(ANTE)?CUBITAL"
)
_ELSEWHERE = re.compile(
    rf"\b(?P<part>{_PARTS}) (HEADS?|KOPF|NECK|SINUS(ES)?|FOSSA)\b"
    r"|\b(ARMS? )?(ABOVE|BEHIND|OVER) (THE )?HEAD\b|\bCAUDO CRANIAL\b"
)
# Patterns for text in which all separators have become one space.
_WORDS = {
    PHANTOM: r"PHANTOM|FANTOM\w*\b|CATPHAN|TOMOPHAN|GAMMEX|LUNGMAN|\b(QRM|CIRS|CTDI|QAQC)\b"
    r"|QUALITY (ASSURANCE|CONTROL)|\b(CT|DAILY|WEEKLY|MONTHLY) Q[AC]\b",
    HEAD: rf"\b(HEAD{_FIRST}\w*|BRAIN\w*|SKULL|CRANI(?!O ?CAUDAL)\w*|CEREBR\w*|ORBIT\w*"
    r"|PARANASAL\w*|SINUS(ES)?(?! (RHYTHM|TARSI|(OF )?VALSALVA))|IAC|AUDITORY|FOSSA|PETROUS"
    r"|MASTOIDS?|TEMPORAL(?! (AV|MAX|MIP|RES))|FAC(E(?! (UP|DOWN)\b)|IAL)|JAW|MAXILL\w*"
    r"|MANDIB\w*|DENTAL|PITUITARY|SELLA|EARS?|EYES?|NEURO(?! ?(ENDOCRIN|BLASTOM|FIBROM|GENIC))\w*"
    r"|TMJ|KOPF|SCH(A|AE|Ä)DEL|(CABEZA|TETE)(?! (D[EU]L?\b|FEMORAL|HUMERAL|RADIAL))|CRANE"
    r"|ENCEPHALE)\b",
    NECK: r"\b(\w*NECK(?! OF\b)|C ?SPINE|CERVICAL(?! CA(NCER|RCINOMA)?\b)\w*|LARYNX|PHARYNX"
    r"|THYROID|CAROTIDS?|HALS|CUELLO)\b",
    LIMB: rf"\b(EXTREMIT\w*|LIMBS?|(ARM|LEG|HAND)S?(?! (UP|DOWN|RAISED|ABOVE|BEHIND|OVER)\b)"
    rf"|F(OO|EE)T{_FIRST}|KNEES?|ANKLES?|ELBOWS?"
    r"|WRISTS?|FEMUR|TIBIA|FIBULA|HUMERUS|FOREARM|CALF|THIGH|FINGERS?|THUMB|TOES?|CALCANEUS|HEEL"
    r"|PATELLA|LOWLIMB|UPLIMB|[LU]EXT\w*|KNIE|FUSS|BEIN|RODILLA|GENOU)\b",
    CHEST: r"CHEST|THORA[XC]|LUNG|HEART|CARDI|CORONAR|BREAST|AORTA|PULMON|\bT ?SPINE|\bCAP\b"
    r"|\bTAP\b",
    ABDOMEN: r"ABD|PELVI|LIVER|HEPAT|PANCREA|KIDNEY|RENAL|COLON|BLADDER|SPLEEN|ENTERO|\bCAP\b"
    r"|\bTAP\b|\bL ?SPINE|UROGRA|WHOLE ?BODY|\bBODY\b"
    r"|\b(SKULL|EYES?|HEAD|VERTEX)\b.*\b(THIGHS?|TOES?)\b",  # of PET/CT, all between
}

# Code values of SNOMED CT and of SNOMED RT in DICOM (CID 4030).
_CODES = {
    HEAD: {"69536005", "T-D1100", "12738006", "T-A0100", "89546000", "T-11100"},
    NECK: {"45048000", "T-D1600"},
    LIMB: {"66019005", "T-D0300", "53120007", "T-D8000", "61685007", "T-D9000"},
    CHEST: {"51185008", "T-D3000"},
    ABDOMEN: {"113345001", "T-D4000", "12921003", "T-D6000"},
}

# Siemens H and iterative J, recognized by their form in copies without a manufacturer; Canon FC20
# to FC29 (brain, with beam hardening); Philips UA to UC.
_HEAD_KERNELS = {
    "": r"[HJ][RPCV]?\d{2}[FSHMU]\b",
    "SIEMENS": r"[HJ][A-Z]?\d{2}\b",
    "TOSHIBA": r"FC2\d\b",
    "CANON": r"FC2\d\b",
    "PHILIPS": r"U[ABC]\b",
}


_HUMAN = r"HOMO|HUMAN"


class HeaderTexts(NamedTuple):
    """Texts of a header that may name a region; None or empty where they are absent.

    Attributes
    ----------
    body_part : Body Part Examined, or the meaning of the anatomic region.
    codes : code values of the anatomic region.
    description : series description.
    protocol : protocol name.
    study : study description.
    species : species of the patient.
    patient_is_phantom : name or identifier of the patient are those of a phantom.
    filter : filter type.
    kernel : convolution kernel.
    manufacturer : manufacturer of the scanner.
    """

    body_part: str | None = None
    codes: tuple[str, ...] = ()
    description: str | None = None
    protocol: str | None = None
    study: str | None = None
    species: str | None = None
    patient_is_phantom: bool = False
    filter: str | None = None
    kernel: str | None = None
    manufacturer: str | None = None


@lru_cache(maxsize=256)  # all slices of a series have the same
def regions(texts: HeaderTexts) -> tuple[str, ...]:
    """Regions that the most trusted part of a header names; empty if no part names one.

    For a phantom any part is enough: protocols of a chest or a head are used to scan it.
    """
    searched = (texts.body_part, texts.description, texts.protocol, texts.study)
    found = [_named(text) for text in searched]
    if texts.patient_is_phantom or any(PHANTOM in named for named in found):
        return (PHANTOM,)
    if texts.species and not re.search(_HUMAN, texts.species.upper()):
        return (ANIMAL,)
    body_part, *free = found
    parts = (body_part | _coded(texts.codes), *free, {HEAD} if _is_for_heads(texts) else set())
    return tuple(sorted(next(filter(None, parts), ())))


def names_phantom(name: str | None) -> bool:
    """Test for the name of a phantom in the name or the identifier of a patient.

    Some phantoms are called as people are, so that fewer words count than in descriptions.
    """
    return bool(re.search("PHANTOM|CATPHAN", (name or "").upper()))


def _named(text: str | None) -> set[str]:
    plain = re.sub(r"[\W_]+", " ", (text or "").upper())
    plain = _ELSEWHERE.sub(lambda found: found["part"] or "", plain)
    return {region for region, words in _WORDS.items() if re.search(words, plain)}


def _coded(codes: Iterable[str]) -> set[str]:
    named = set(codes)
    return {region for region, known in _CODES.items() if known & named}


def _is_for_heads(texts: HeaderTexts) -> bool:
    if "HEAD" in (texts.filter or "").upper():
        return True
    maker, kernel = (texts.manufacturer or "").upper(), (texts.kernel or "").upper()
    return any(name in maker and re.match(own, kernel) for name, own in _HEAD_KERNELS.items())

"""Reconstruction of a slice, by the standard tag and by the habits of manufacturers.

- GE: private tags (0053,xx40) and (0053,xx42): ``SS30`` is ASIR of 30 %, ``AR30`` is ASIR-V.
- Siemens: the strength is the second value of the kernel: ``Br38f\\3``; kernels I and J are
  iterative; the older kernels B, D, H, S and U without a strength are filtered back-projection.
- Philips: ``iDose (3)``, IMR or Precise Image in the series description.
- Canon and Toshiba: AIDR, FIRST or AiCE in the kernel.
- All: Reconstruction Algorithm (0018,9315) of enhanced images.

What a header does not state stays unknown: a kernel alone rarely excludes an iterative algorithm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import text
from distiliqa.ct.header_facts import FILTERED, ITERATIVE, LEARNED

_GE_TAGS = ("00531040", "00531042")
_GE_CREATOR = "00530010"  # pydicom needs it to read the private tags

# All tags that this module reads, so that an index can skip the others.
RECONSTRUCTION_TAGS = (
    "ConvolutionKernel",
    "SeriesDescription",
    "ReconstructionAlgorithm",
    "Manufacturer",
    "ManufacturerModelName",
    _GE_CREATOR,
    *_GE_TAGS,
)

_STANDARD = {"FILTER_BACK_PROJ": FILTERED, "ITERATIVE": ITERATIVE}


class Reconstruction(NamedTuple):
    """Reconstruction of a slice; None where the header does not state it.

    Attributes
    ----------
    method : one of the constants of `distiliqa.ct.header_facts`.
    algorithm : its name.
    strength : percent, level or word, as the manufacturer writes it.
    """

    method: str | None = None
    algorithm: str | None = None
    strength: str | None = None


class _Name(NamedTuple):
    """An algorithm, and the pattern of its name in upper case; the first group is its strength."""

    pattern: str
    algorithm: str
    method: str
    unit: str = ""


_PERCENT = r"0*(\d{1,3})(?!\d)"
_LEVEL = r"(?:[ _]*\(?(?:LEVEL[ _]*)?(\d)\b)?"
_ORGAN = r"(?:[ _]+(?:BODY|LUNG|CARDIAC|BRAIN|BONE|INNER|EAR|SHARP))*"
_WORD = r"(?:[ _-]*(E?(?:WEAK|MILD|STANDARD|STD|STRONG|STR))\b)?"
_GRADE = r"(?:[ _-]*(LOW|MEDIUM|HIGH|[LMH])\b)?"

_OF_GE = (
    _Name(rf"(?<![A-Z])SS{_PERCENT}", "ASIR", ITERATIVE, " %"),
    _Name(rf"(?<![A-Z])AR{_PERCENT}", "ASIR-V", ITERATIVE, " %"),
)
_OF_CANON = (_Name(rf"\bFIRST\b{_ORGAN}{_WORD}", "FIRST", ITERATIVE),)
# Trade names that mean nothing else: in a kernel or a series description of any manufacturer.
_OF_ANY = (
    _Name(rf"\bIDOSE(?:\^?4)?{_LEVEL}", "iDose", ITERATIVE),
    _Name(rf"\bIMR(?=\b|\d){_LEVEL}", "IMR", ITERATIVE),
    _Name(
        r"\bPRECISE[ _]?IMAGE(?:[ :_,-]*(SMOOTHER|SMOOTH|STANDARD|SHARPER|SHARP)\b)?",
        "Precise Image",
        LEARNED,
    ),
    _Name(rf"\bAIDR(?:[ _-]?3D)?{_WORD}", "AIDR", ITERATIVE),
    _Name(rf"\bAICE\b{_ORGAN}{_WORD}", "AiCE", LEARNED),
    _Name(rf"\b(?:DLIR|TRUE ?FIDELITY){_GRADE}", "TrueFidelity", LEARNED),
    _Name(rf"\bADMIRE{_LEVEL}", "ADMIRE", ITERATIVE),
    _Name(rf"\bSAFIRE{_LEVEL}", "SAFIRE", ITERATIVE),
    _Name(r"\bCLARICT()", "ClariCT", LEARNED),
    _Name(r"\bPIXELSHINE()", "PixelShine", LEARNED),
)

_SIEMENS_KERNEL = re.compile(r"([A-Z]{1,2})\d{2}[A-Z]?(?:\\([0-9]))?")
_OLDER_KERNELS, _ITERATIVE_KERNELS = set("BDHSU"), set("IJ")
# Scanners whose kernels of two letters have a strength of this algorithm alone.
_OF_SIEMENS_SCANNER = {
    "NAEOTOM": "QIR",
    **dict.fromkeys(("FORCE", "DRIVE", "EDGE", "CONFIDENCE", "X.CITE", "X.CEED"), "ADMIRE"),
}


def read_reconstruction(dataset: Dataset) -> Reconstruction:
    """Read method, algorithm and strength of the reconstruction of a slice."""
    texts = ((text(dataset, tag) or "").upper() for tag in RECONSTRUCTION_TAGS)
    return _reconstruction(*texts)


@lru_cache(maxsize=256)  # all slices of a series have the same
def _reconstruction(
    kernel: str, description: str, standard: str, manufacturer: str, scanner: str, *private: str
) -> Reconstruction:
    candidates = (
        _named(" ".join(private), (*_OF_GE, *_OF_ANY)) if manufacturer.startswith("GE") else None,
        _named(kernel, _OF_CANON) if manufacturer.startswith(("CANON", "TOSHIBA")) else None,
        _named(kernel, _OF_ANY),
        _named(description, _OF_ANY),
        _of_siemens(kernel, scanner) if not manufacturer or "SIEMENS" in manufacturer else None,
        Reconstruction(_STANDARD.get(standard)),
    )
    return next(candidate for candidate in candidates if candidate is not None)


def _named(searched: str, names: Iterable[_Name]) -> Reconstruction | None:
    """The first of ``names`` in a text."""
    for name in names:
        if (match := re.search(name.pattern, searched)) is not None:
            strength = f"{match[1]}{name.unit}" if match[1] else None
            method = FILTERED if match[1] == "0" else name.method
            return Reconstruction(method, name.algorithm, strength)
    return None


def _of_siemens(kernel: str, scanner: str) -> Reconstruction | None:
    if (match := _SIEMENS_KERNEL.fullmatch(kernel)) is None:
        return None
    letters, strength = match.groups()
    if strength is None:
        method = ITERATIVE if letters in _ITERATIVE_KERNELS else None
        return Reconstruction(FILTERED if letters in _OLDER_KERNELS else method)
    if strength == "0":
        return Reconstruction(FILTERED)
    models = (name for model, name in _OF_SIEMENS_SCANNER.items() if model in scanner)
    algorithm = "SAFIRE" if letters in _ITERATIVE_KERNELS else next(models, None)
    return Reconstruction(ITERATIVE, algorithm, strength)

"""Content items of a structured report by their codes (DICOM PS3.16, coding scheme DCM).

A value that is missing, doubtful or in another unit is not used, and a problem says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import MAX_LABEL, code_value, identifier, number, text, value
from distiliqa.errors import MAX_QUOTED, shortened


def concept(item: Dataset) -> str:
    """The code that names a content item; empty where it is not of DCM."""
    names = value(item, "ConceptNameCodeSequence")
    is_dcm = bool(names) and text(names[0], "CodingSchemeDesignator") == "DCM"
    return code_value(item, "ConceptNameCodeSequence") if is_dcm else ""


def below(item: Dataset) -> Iterator[Dataset]:
    """The content items below an item, in their order."""
    waiting = list(reversed(value(item, "ContentSequence") or ()))
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(value(found, "ContentSequence") or ())


class Quantity(NamedTuple):
    """A number of a report.

    Attributes
    ----------
    code : of DCM.
    units : of UCUM, as reports write the one that is used.
    term : its name for people.
    max_value : the largest of any scan, in that unit.
    """

    code: str
    units: tuple[str, ...]
    term: str
    max_value: float


class ReportItems:
    """Content items below a container.

    Parameters
    ----------
    container : Dataset
        The container.
    required : Collection[str]
        Codes of numbers whose absence is a problem.

    Attributes
    ----------
    problems : list[str]
        Why values that were asked for are missing, one short sentence each.
    """

    def __init__(self, container: Dataset, required: Collection[str] = ()) -> None:
        self._by_code = defaultdict[str, list[Dataset]](list)
        for item in below(container):
            self._by_code[concept(item)].append(item)
        self._required = required
        self.problems: list[str] = []

    def has(self, *codes: str) -> bool:
        """Whether there is an item of one of these codes."""
        return any(code in self._by_code for code in codes)

    def number(self, asked: Quantity) -> float | None:
        """A number above 0; a problem where it is missing and required, or wrong."""
        code, units, term, max_value = asked
        if not self.has(code):
            if code in self._required:
                self.problems.append(f"the dose report states no {term}")
            return None
        stated = {_measured(item) for item in self._by_code[code]}
        if len(stated) > 1:
            self.problems.append(f"the dose report states several values of {term}: not used")
            return None
        found, unit = stated.pop()
        if found is None or found <= 0 or (unit in units and found > max_value):
            shown = "not a number" if found is None else f"{found:g}"
            self.problems.append(f"{term} is {shown} in the dose report: not used")
        elif unit not in units:
            self.problems.append(f"{term} is in {unit or 'no unit'}, not in {units[0]}: not used")
        else:
            return found
        return None

    def codes(self, code: str) -> set[str]:
        """All coded values of a code."""
        return {code_value(item, "ConceptCodeSequence") for item in self._of(code)}

    def text(self, code: str) -> str | None:
        """The text of the first item of a code."""
        return next((text(item, "TextValue", MAX_LABEL) for item in self._of(code)), None)

    def meaning(self, code: str) -> str | None:
        """The meaning of the coded value of the first item of a code."""
        values = (value(item, "ConceptCodeSequence") or [Dataset()] for item in self._of(code))
        return next((text(found[0], "CodeMeaning", MAX_LABEL) for found in values), None)

    def uid(self, code: str) -> str | None:
        """The UID of the first item of a code."""
        return next((identifier(item, "UID") for item in self._of(code)), None)

    def _of(self, code: str) -> list[Dataset]:
        return self._by_code.get(code, [])


def _measured(item: Dataset) -> tuple[float | None, str]:
    """Number and unit of a measurement."""
    measured = (value(item, "MeasuredValueSequence") or [Dataset()])[0]
    unit = code_value(measured, "MeasurementUnitsCodeSequence")
    return number(measured, "NumericValue"), shortened(unit, MAX_QUOTED)

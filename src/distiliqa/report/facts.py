"""How images were acquired, as people read it."""

from __future__ import annotations

from collections.abc import Iterable

from distiliqa.ct import Acquisition
from distiliqa.errors import one_line

# Fields of `Acquisition` with the name and the unit that a reader knows them by.
FACTS = {
    "manufacturer": ("Manufacturer", ""),
    "scanner": ("Scanner", ""),
    "body_part": ("Body part", ""),
    "kvp": ("Tube voltage", "kV"),
    "tube_current_ma": ("Tube current", "mA"),
    "exposure_mas": ("Exposure", "mAs"),
    "ctdivol_mgy": ("CTDIvol", "mGy"),
    "kernel": ("Kernel", ""),
    "slice_thickness_mm": ("Slice thickness", "mm"),
}
MOST_VALUES = 3


def told(acquisitions: Iterable[Acquisition], field: str) -> str:
    """A fact of several slices without its unit: the range of numbers, or the words there are.

    Empty where no slice says it.
    """
    found = {getattr(each, field) for each in acquisitions} - {None}
    numbers = sorted(value for value in found if isinstance(value, float | int))
    if numbers:
        low, high = (f"{round(end, 2):g}" for end in (numbers[0], numbers[-1]))
        return low if low == high else f"{low} to {high}"
    words = sorted(one_line(value) for value in found)
    more = len(words) - MOST_VALUES
    return ", ".join(words[:MOST_VALUES]) + (f" and {more} more" if more > 0 else "")


def protocol(acquisition: Acquisition) -> str:
    """Tube voltage, kernel and slice thickness: what sets protocols apart in any header."""
    parts = (
        _with_unit(acquisition.kvp, "kV"),
        one_line(acquisition.kernel or ""),
        _with_unit(acquisition.slice_thickness_mm, "mm"),
    )
    return ", ".join(filter(None, parts))


def scanner(acquisition: Acquisition) -> str:
    """The model of the scanner; its manufacturer where no model is stated."""
    return one_line(acquisition.scanner or acquisition.manufacturer or "")


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{round(value, 2):g} {unit}"

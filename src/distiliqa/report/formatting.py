"""Numbers, counts and acquisition facts as text; unknown ones are empty."""

from __future__ import annotations

from collections.abc import Iterable

from distiliqa.ct import Acquisition
from distiliqa.errors import one_line
from distiliqa.models.score_map import ScoreMap
from distiliqa.report.column import Column
from distiliqa.scoring.slice_score import SliceScore

MAX_NAMED = 3  # words of a fact that is not the same in all slices
MIN_P = 0.001  # less is a bound
MAX_MORE_DIGITS = 3  # of a small difference, beyond those of its quantity


def number_text(value: float | None, digits: int | None, none: str = "") -> str:
    """A number such as ``1.50``; ``none`` if it is unknown."""
    return none if value is None else f"{value:.{digits}f}"


def signed_text(value: float, digits: int) -> str:
    """A number such as ``+1.50``; without a sign if it rounds to zero."""
    return f"{value:+.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"


def p_text(p: float) -> str:
    """A p-value such as ``0.016``; ``< 0.001`` below that, and ``1.00``."""
    if p < MIN_P:
        return f"< {MIN_P:g}"
    return f"{p:.3f}" if p < 1 else f"{p:.2f}"


def digits_for(values: Iterable[float], digits: int) -> int:
    """Digits after the point with which small values do not look like zero: as few as possible.

    What is zero with `MAX_MORE_DIGITS` more digits as well does not count.
    """
    most = digits + MAX_MORE_DIGITS
    shown = [value for value in values if round(value, most)]
    return next(n for n in range(digits, most + 1) if all(round(value, n) for value in shown))


def interval_text(interval: tuple[float, float] | None, digits: int = 2, none: str = "") -> str:
    """An interval such as ``1.25 to 2.50``; ``none`` if it is unknown."""
    return none if interval is None else " to ".join(f"{end:.{digits}f}" for end in interval)


def slice_count(count: int) -> str:
    """A count such as ``1 slice`` or ``2 slices``."""
    return "1 slice" if count == 1 else f"{count} slices"


def fact_text(slices: Iterable[SliceScore], column: Column) -> str:
    """A fact of several slices without its unit: the range of numbers, or the different words.

    Empty if no slice has it.
    """
    found = {column.value(slice_) for slice_ in slices} - {None}
    if not found:
        return ""
    if column.digits is not None:
        ends = min(found), max(found)
        low, high = (f"{round(end, column.digits):g}" for end in ends)
        return low if low == high else f"{low} to {high}"
    words = sorted(map(one_line, found))
    more = f" and {len(words) - MAX_NAMED} more" if len(words) > MAX_NAMED else ""
    return ", ".join(words[:MAX_NAMED]) + more


def map_text(found: ScoreMap) -> str:
    """What a model maps its score to, and how far that holds."""
    readers = "1 reader" if found.readers == 1 else f"{found.readers} readers"
    note = f"; {found.note}" if found.note else ""
    return (
        f"score of {found.of.low:g} to {found.of.high:g} mapped to the ratings of {readers}, "
        f"fitted on {found.images} ratings of {found.cases} patients; mean absolute error on "
        f"patients left out {found.mae:.2f}, without the map {found.mae_without_map:.2f}, of the "
        f"median rating {found.mae_of_median:.2f}{note}"
    )


def protocol(acquisition: Acquisition) -> str:
    """Tube voltage, kernel and slice thickness, which distinguish protocols in any header."""
    parts = (
        _with_unit(acquisition.kvp, "kV"),
        one_line(acquisition.kernel or ""),
        _with_unit(acquisition.slice_thickness_mm, "mm"),
    )
    return ", ".join(filter(None, parts))


def scanner(acquisition: Acquisition) -> str:
    """The model of the scanner, or its manufacturer if no model is stated."""
    return one_line(acquisition.scanner or acquisition.manufacturer or "")


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{round(value, 2):g} {unit}"

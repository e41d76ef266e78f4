"""Numbers as people read them on a page, on paper and on the screen; unknown ones are empty."""

from __future__ import annotations


def number_told(value: float | None, digits: int) -> str:
    """``1.50``."""
    return "" if value is None else f"{value:.{digits}f}"


def interval_told(interval: tuple[float, float] | None) -> str:
    """``1.25 to 2.50``."""
    return "" if interval is None else "{:.2f} to {:.2f}".format(*interval)


def slices_told(count: int) -> str:
    """``1 slice``, ``2 slices``."""
    return "1 slice" if count == 1 else f"{count} slices"

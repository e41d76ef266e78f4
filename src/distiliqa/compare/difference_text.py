"""A paired difference as people read it: its digits, its interval, and its p-value."""

from __future__ import annotations

from distiliqa.report.formatting import MIN_P, digits_for, p_text, signed_text
from distiliqa.statistics.paired_difference import Difference

MAX_P = 0.05  # of a significant difference


def digits_of(found: Difference, digits: int) -> int:
    """Digits with which neither the mean nor an end of its interval rounds to zero."""
    return digits_for((found.mean, *(found.interval or ())), digits)


def min_difference(digits: int) -> float:
    """Half of the last digit that a quantity is given with: less than that does not matter."""
    return 0.5 * 10**-digits


def sign_of(found: Difference, digits: int) -> int:
    """1 or -1 where the interval is above or below zero, and the mean is large enough; else 0."""
    if found.interval is None or found.interval[0] <= 0 <= found.interval[1]:
        return 0
    if abs(found.mean) < min_difference(digits):
        return 0
    return 1 if found.mean > 0 else -1


def is_too_small(found: Difference, digits: int) -> bool:
    """Whether a difference is significant and still too small to matter.

    A difference that is the same in all slices has a small p, however small it is.
    """
    low, high = found.interval or (0.0, 0.0)
    significant = found.test.p < MAX_P or low > 0 or high < 0
    return significant and abs(found.mean) < min_difference(digits)


def interval(found: Difference, digits: int) -> str:
    """``-1.40 to -1.05``, or why there is none."""
    if found.interval is None:
        return "undefined for " + ("one part" if found.units == 1 else f"{found.units} parts")
    low, high = found.interval
    return f"{signed_text(low, digits)} to {signed_text(high, digits)}"


def p_value(found: Difference) -> str:
    """``p = 0.016, exact``, or ``p < 0.001, normal approximation``."""
    p = found.test.p
    text = f"p {'' if p < MIN_P else '= '}{p_text(p)}"
    return f"{text}, {'exact' if found.test.exact else 'normal approximation'}"

"""Trends with size in words: how they are made, what a quarter means, and what has none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from distiliqa.errors import one_line
from distiliqa.report.size_trends import (
    MIN_DEVIATION,
    QUARTERS,
    ProtocolTrends,
    Quarter,
    beside_trends,
    lacking,
)
from distiliqa.statistics.size_trend import MIN_RANGE_MM, MIN_SERIES, SizeTrend

_MEANINGS: dict[Quarter, str] = {
    "quiet and high dose": "less noise and more dose than the trend: optimize first",
    "noisy and low dose": "more noise and less dose than the trend: the dose may be too low",
    "noisy and high dose": "more noise in spite of more dose: look for the cause",
    "quiet and low dose": "less noise with less dose: learn from these",
    "near the trend": f"noise or dose within {100 * MIN_DEVIATION:.0f} % of the trend",
}
_MEASURES = {
    "noise_hu": "no noise level",
    "dw_mm": "no water-equivalent diameter",
    "ssde_mgy": "no SSDE",
}


def quarter_counts(groups: Sequence[ProtocolTrends]) -> list[tuple[Quarter, str, int]]:
    """Each quarter, what it means, and its number of series; none where no series has one."""
    found = [group.deviation(one) for group, one in beside_trends(groups)]
    counts = Counter(beside.quarter for beside in found if beside is not None)
    return [(name, _MEANINGS[name], counts[name]) for name in QUARTERS] if counts else []


def percent(share: float | None) -> str:
    """``+12``; empty where it is not known."""
    if share is None:
        return ""
    rounded = round(100 * share)
    return f"{rounded:+d}" if rounded else "0"


def percent_per_cm(trend: SizeTrend | None) -> str:
    """Change of a logarithmic trend by cm of diameter, ``+8``; empty without a slope."""
    return "" if trend is None else percent(trend.per_cm)


def fit_sentence() -> str:
    """What the trends are."""
    return (
        "The trends are fits by least squares of the logarithm of the noise level, of the "
        "logarithm of the SSDE, and of the score against the water-equivalent diameter, over the "
        f"means of the series of a protocol. Below {MIN_SERIES} series there is none. Where sizes "
        f"are within {MIN_RANGE_MM:.0f} mm of each other, the mean takes its place. Noise and dose "
        "are called high or low beside the trend, at the size of the patient."
    )


def missing_sentences(groups: Sequence[ProtocolTrends]) -> Iterator[str]:
    """How many series lack a measure of the plots, and why, and which protocols have no trend."""
    members = [one for group in groups for one in group.members]
    for measure, words in _MEASURES.items():
        counts: Counter[str] = lacking(members, measure)
        if counts:
            reasons = "; ".join(
                f"{one_line(why)} ({count})" for why, count in counts.most_common(3)
            )
            yield f"{counts.total()} of {len(members)} series have {words}: {reasons}."
    few = sum(group.noise is None for group in groups)
    if few:
        yield (
            f"{few} of {len(groups)} protocols have fewer than {MIN_SERIES} series with a noise "
            "level and a diameter, and so no trend."
        )

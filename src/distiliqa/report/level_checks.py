"""Series against the levels of a site: in range, below, above, or not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from distiliqa.report import mean_columns
from distiliqa.report.column import Column
from distiliqa.report.mean_columns import mean_value
from distiliqa.scoring.levels import Range
from distiliqa.scoring.series_score import SeriesScore

Verdict = Literal["in range", "below", "above", "not known"]
State = Literal["in range", "not in range", "not known"]
IN_RANGE, NO_LEVELS = "in range", "no levels"
_WORDS = {
    "score_mean": "score",
    "noise_hu": "noise",
    "mtf50_per_mm": "sharpness f50",
    "ssde_mgy": "SSDE",
}
_OF_IMAGE = ("noise_hu", "mtf50_per_mm")
_COLUMNS = {"score_mean": "score"}  # measures that have another name in a slice


class LevelCheck(NamedTuple):
    """The mean of a measure over a series, beside its range.

    Attributes
    ----------
    measure : name of its column in ``series.csv``.
    value : mean over the slices that count; None where none of them has it.
    range : the range of the levels.
    verdict : whether the value is in the range, ends included.
    """

    measure: str
    value: float | None
    range: Range
    verdict: Verdict

    @property
    def text(self) -> str:
        """Measure and verdict."""
        return f"{_WORDS[self.measure]} {self.verdict}"

    @property
    def in_full(self) -> tuple[str, str]:
        """Term and check, with value and range: ``12.1: above, 5 to 12``."""
        low, high = ("" if end is None else f"{end:g}" for end in self.range)
        value = "" if self.value is None else f"{self.value:.3g}: "
        limits = f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"
        return f"Level of {_WORDS[self.measure]}", f"{value}{self.verdict}, {limits}"


def level_checks(series: SeriesScore) -> list[LevelCheck]:
    """Check each measure that the levels of a series have a range for, in their order."""
    return [
        LevelCheck(measure, value := _mean(series, measure), found, _verdict(value, found))
        for measure, found in (series.limits or {}).items()
    ]


def level_text(series: SeriesScore) -> str | None:
    """The checks in words; None in a run without levels."""
    if series.limits is None:
        return None
    checks = level_checks(series)
    if not checks:
        return NO_LEVELS
    wrong = [check.text for check in checks if check.verdict != IN_RANGE]
    return ", ".join([*wrong, *_disagreement(checks)]) or IN_RANGE


def _disagreement(checks: Sequence[LevelCheck]) -> list[str]:
    """Where the score is in range and noise or sharpness is not, or the score alone is not."""
    known = [check for check in checks if check.verdict != "not known"]
    score = [check for check in known if check.measure == "score_mean"]
    others = [check for check in known if check.measure in _OF_IMAGE]
    wrong = [check for check in others if check.verdict != IN_RANGE]
    if not score or (score[0].verdict != IN_RANGE and wrong):
        return []
    odd = wrong if score[0].verdict == IN_RANGE else others
    words = " and ".join(_WORDS[check.measure] for check in odd)
    return [f"the score disagrees with {words}"] if odd else []


def level_texts(series: SeriesScore) -> Iterator[tuple[str, str]]:
    """Term and check of each measure, see `LevelCheck.in_full`."""
    for check in level_checks(series):
        yield check.in_full


def level_state(series: SeriesScore) -> State:
    """The checks in one word, for their color: not known where no measure is out of its range."""
    verdicts = {check.verdict for check in level_checks(series)}
    if verdicts & {"below", "above"}:
        return "not in range"
    return "in range" if verdicts == {"in range"} else "not known"


def is_in_range(series: SeriesScore) -> bool:
    """Whether the series has levels and all its measures are known and in their range."""
    return level_state(series) == IN_RANGE


def level_sentence(series: Iterable[SeriesScore]) -> str:
    """How many series are in range, for the end of a run."""
    series = list(series)
    inside = sum(map(is_in_range, series))
    return f"levels: {inside} of {len(series)} series in range"


LEVELS = Column(
    "levels",
    "",
    None,
    "`in range`, or the measures that are below, above or not known, by `--levels`.",
    level_text,
    "series",
    term="Levels",
)


def _mean(series: SeriesScore, measure: str) -> float | None:
    name = _COLUMNS.get(measure, measure)
    column = next((column for column in mean_columns.MEASURES if column.name == name), None)
    return None if column is None else mean_value(series, column)


def _verdict(value: float | None, found: Range) -> Verdict:
    if value is None:
        return "not known"
    if found.low is not None and value < found.low:
        return "below"
    return "above" if found.high is not None and value > found.high else "in range"

"""Denoised quarter doses beside quarter and full dose, and what three radiologists said of them.

denoised_rated, for checking only: 14 versions of each slice. Ratings are relative to the two ends
of a slice, so scores are compared with them within a slice, and as means of the versions. Intervals
draw slices and denoisers with replacement, both at once (Owen 2007, doi 10.1214/07-AOAS122); a
slice keeps its two ends.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from distiliqa.ct import CTSlice
from distiliqa.statistics.agreement import srocc
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.subject import Subject

QUARTER, FULL = "LDCT", "NDCT"
MIN_AREA, MIN_BETWEEN, MIN_WITHIN, MIN_OF_MEANS = 0.90, 0.75, 0.45, 0.55
RESAMPLES, LEVEL = 2000, 0.95

Floats = NDArray[np.float64]


class Versions(NamedTuple):
    """Versions of some slices, the quarter dose first, the full dose second, then denoisers.

    Attributes
    ----------
    scores, ratings, processed, noise : (slices, versions). ``ratings`` is contrast + structure;
        NaN where there is no value.
    """

    names: tuple[str, ...]
    scores: Floats
    ratings: Floats
    processed: Floats
    noise: Floats

    def drawn(self, slices: NDArray[np.int64], versions: NDArray[np.int64]) -> Versions:
        """Some of the slices and versions."""
        at = np.ix_(slices, versions)
        names = tuple(self.names[n] for n in versions)
        return Versions(names, *(values[at] for values in self[1:]))

    def by_noise_level(self) -> Versions:
        """The same, scored by the noise level."""
        return self._replace(scores=-self.noise)


def area(found: Versions) -> float | None:
    """Area under the curve by which ``processed`` parts denoisers from the two doses."""
    ends, denoised = found.processed[:, :2].ravel(), found.processed[:, 2:].ravel()
    if np.isnan(found.processed).any():
        return None
    return float(mannwhitneyu(denoised, ends).statistic) / (len(ends) * len(denoised))


def between(found: Versions) -> float | None:
    """Share of the denoised that score between the quarter and the full dose of their slice."""
    quarter, full, denoised = found.scores[:, :1], found.scores[:, 1:2], found.scores[:, 2:]
    return float(np.mean((denoised > quarter) & (denoised < full)))


def within(found: Versions) -> float | None:
    """Mean over the slices of the SROCC with the ratings, all versions."""
    values = [srocc(*pair) for pair in zip(found.scores, found.ratings, strict=True)]
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def of_means(found: Versions) -> float | None:
    """SROCC of the means of the versions."""
    return srocc(found.scores.mean(axis=0), found.ratings.mean(axis=0))


FIGURES: dict[str, tuple[Callable[[Versions], float | None], float]] = {
    "denoised_rated: AUC of processed": (area, MIN_AREA),
    "denoised_rated: between quarter and full dose": (between, MIN_BETWEEN),
    "denoised_rated: SROCC within a slice": (within, MIN_WITHIN),
    "denoised_rated: SROCC of the versions' means": (of_means, MIN_OF_MEANS),
}


def denoised(subject: Subject) -> Section:
    """The four figures, with intervals."""
    folder = subject.data / "ct-more" / "denoised_rated"
    found = _scored(subject, folder) if (folder / "ratings.csv").is_file() else None
    lines = [_line(what, figure, least, found) for what, (figure, least) in FIGURES.items()]
    rows = [] if found is None else _means(found)
    about = "For checking only. Below, means over the slices; rating is contrast + structure."
    return Section("Denoised images rated by radiologists", about, (lines, rows))


def _line(
    what: str,
    figure: Callable[[Versions], float | None],
    at_least: float,
    found: Versions | None,
) -> Row:
    if found is None:
        return line(what, 0, None, at_least=at_least)
    level = None if figure is area else figure(found.by_noise_level())
    return line(
        what,
        found.scores.size,
        figure(found),
        at_least=at_least,
        interval=interval(found, figure),
        noise_level=level,
    )


def interval(
    found: Versions, figure: Callable[[Versions], float | None], *, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile interval of a figure, see the module."""
    rng = np.random.default_rng(seed)
    slices, versions = found.scores.shape
    values = []
    for _ in range(RESAMPLES):
        denoisers = rng.integers(2, versions, versions - 2)
        some = rng.integers(0, slices, size=(slices,))
        value = figure(found.drawn(some, np.array([0, 1, *denoisers])))
        if value is not None:
            values.append(value)
    if not values:
        return None
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _scored(subject: Subject, folder: Path) -> Versions:
    with (folder / "ratings.csv").open(newline="", encoding="utf-8") as file:
        rated = {
            (int(row["set"]), row["method"]): float(row["contrast"]) + float(row["structure"])
            for row in csv.DictReader(file)
        }
    sets = sorted({number for number, _ in rated})
    others = sorted({name for _, name in rated} - {QUARTER, FULL})
    names = (QUARTER, FULL, *others)
    parts = []
    for number in sets:
        with np.load(folder / f"set{number:02d}.npz", allow_pickle=False) as file:
            slices = [CTSlice(file[name].astype(np.float32)) for name in names]
        scored = subject.score(slices, f"denoised slice {number}", len(names))
        parts.append(
            (
                [score.score for score in scored],
                [rated[number, name] for name in names],
                [np.nan if score.processed is None else score.processed for score in scored],
                [np.nan if score.noise_hu is None else score.noise_hu for score in scored],
            )
        )
    return Versions(names, *(np.array(values, np.float64) for values in zip(*parts, strict=True)))


def _means(found: Versions) -> list[Row]:
    return [
        {
            "version": name,
            "rating": float(found.ratings[:, at].mean()),
            "score": float(found.scores[:, at].mean()),
            "processed": _mean(found.processed[:, at]),
        }
        for at, name in enumerate(found.names)
    ]


def _mean(values: Floats) -> float | None:
    return None if np.isnan(values).any() else float(values.mean())

"""What scoring gives: scores of slices and of series, and the record of a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Acquisition, Problem, SliceInfo, Window
from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.checks import series_warnings
from distiliqa.scoring.counting import counted
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.summary import Variation, summary, variations


@dataclass(frozen=True)
class Comparison:
    """How alike a slice and its reference are in the window of the model, see `distiliqa.metrics`.

    All is None where there is no slice to compare with.

    Attributes
    ----------
    reference : str or None
        The path of the reference slice.
    ssim : float or None
        Structural similarity, 1 is best.
    psnr : float or None
        Peak signal-to-noise ratio, dB, higher is better; None where it is infinite.
    vif : float or None
        Visual information fidelity, 1 is the reference; None where the reference is flat.
    gmsd : float or None
        Gradient magnitude similarity deviation, 0 is best.
    """

    reference: str | None = None
    ssim: float | None = None
    psnr: float | None = None
    vif: float | None = None
    gmsd: float | None = None


@dataclass(frozen=True)
class SliceScore:
    """The score of one slice.

    Attributes
    ----------
    score : float
        Mean of the model's outputs, on the scale that the model states. An image without a patient
        has the worst score of the scale, and a warning.
    outputs : tuple[float, ...]
        The outputs of the model, one for each teacher it was distilled from.
    spread : float or None
        Sample standard deviation of the outputs; None where there is only one.
    warnings : tuple[str, ...]
        What a reader of the score should know, one short sentence each.
    model : str
        Name and version of the model.
    window : Window
        The window the slice was seen through.
    info : SliceInfo
        The slice: what is known of it, and how to read its pixels. ``path``, ``frame``, ``series``,
        ``position_mm``, ``sop_uid`` and ``acquisition`` are its own. For slices of an array the
        path is empty, and the frame counts along the first axis.
    noise_hu : float or None
        Global noise level, HU, see `distiliqa.metrics.global_noise_level`; None where there is too
        little soft tissue.
    comparison : Comparison or None
        With the slice of a reference; None where no reference was given.
    interval : tuple[float, float] or None
        Prediction interval: lowest and highest label of such a slice, at the coverage that the
        model states. None if the model states none.
    distance : float or None
        Distance from the training images, relative to the limit of the domain: 0 is the middle of
        them, above 1 is out of domain. A body that is too small, in parts or too uniform has at
        least the ratio to that limit. None if the model has no limit.
    heatmap : ndarray of float32 or None
        (rows, columns) of the model's patches over the cropped or padded slice: the score that each
        part alone would get, NaN where no patient is. None unless asked for.
    empty : bool
        The slice shows no patient.
    unlike : bool
        Its header or its sampling is unlike what the model was trained on, whatever the distance,
        see `distiliqa.scoring.domain.unlike_training`.
    number : int
        Its number among the scored slices of its series, from 1, in a `ScoringRun`; else 0.
    """

    score: float
    outputs: tuple[float, ...]
    spread: float | None
    warnings: tuple[str, ...]
    model: str
    window: Window
    info: SliceInfo = field(default_factory=SliceInfo)
    noise_hu: float | None = None
    comparison: Comparison | None = None
    interval: tuple[float, float] | None = None
    distance: float | None = None
    heatmap: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    empty: bool = False
    unlike: bool = False
    number: int = field(default=0, compare=False)

    @property
    def path(self) -> str:  # noqa: D102
        return self.info.path

    @property
    def frame(self) -> int:  # noqa: D102
        return self.info.frame

    @property
    def series(self) -> str:  # noqa: D102
        return self.info.series

    @property
    def position_mm(self) -> float | None:  # noqa: D102
        return self.info.position_mm

    @property
    def sop_uid(self) -> str | None:  # noqa: D102
        return self.info.sop_uid

    @property
    def acquisition(self) -> Acquisition:  # noqa: D102
        return self.info.acquisition

    @property
    def out_of_domain(self) -> bool:
        """Whether the slice is out of domain, or shows no patient."""
        far = self.distance is not None and self.distance > 1
        return self.empty or self.unlike or far

    @property
    def tier(self) -> int:
        """What decides whether it counts for its series, see `counted`: the lowest does."""
        return int(self.out_of_domain) + int(self.empty)


@dataclass(frozen=True)
class SeriesScore:
    """The scores of one series.

    Attributes
    ----------
    series : str
        Its UID, or the file or folder that stands for it.
    slices : tuple[SliceScore, ...]
        In reading order.
    patients : int
        Number of patients that the slices say they are of; 1 where they do not say.
    count_outside : bool
        Let all slices count, those out of domain or without a patient too.
    expected : int
        Number of slices that the series should have, see `ScoringRun`; 0 if unknown.
    """

    series: str
    slices: tuple[SliceScore, ...]
    patients: int = 1
    count_outside: bool = False
    expected: int = 0

    @property
    def complete(self) -> bool:
        """Whether no slice is missing, as far as is known."""
        return len(self.slices) >= self.expected

    @property
    def known(self) -> tuple[SliceScore, ...]:
        """The slices that count for the series, see `counted`: every number of it is of these."""
        if self.count_outside:
            return self.slices
        return counted(self.slices, lambda slice_: slice_.tier)

    @property
    def score(self) -> float:
        """Mean over the slices that count."""
        return fmean(slice_.score for slice_ in self.known)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Mean of the lower and of the upper ends: errors of slices of one series go together.

        A slice without a patient has its score for certain. None where one with a patient has no
        interval, for the mean is over all of them, and where none shows a patient.
        """
        known = self.known
        ends = [(slice_.score,) * 2 if slice_.empty else slice_.interval for slice_ in known]
        found = [interval for interval in ends if interval is not None]
        if len(found) < len(known) or all(slice_.empty for slice_ in known):
            return None
        low, high = (fmean(side) for side in zip(*found, strict=True))
        return low, high

    @property
    def noise_hu(self) -> float | None:
        """Mean global noise level of the slices that count, HU; None where none of them has one."""
        levels = [slice_.noise_hu for slice_ in self.known if slice_.noise_hu is not None]
        return fmean(levels) if levels else None

    @property
    def acquisition(self) -> Acquisition:
        """How the slices that count were acquired, see `summary`."""
        return summary(slice_.acquisition for slice_ in self.known)

    @property
    def variations(self) -> dict[str, Variation]:
        """Mean and range of what varies in the slices that count, see `variations`."""
        return variations(slice_.acquisition for slice_ in self.known)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the series as a whole, see `series_warnings`."""
        return series_warnings(
            [slice_.position_mm for slice_ in self.slices],
            [slice_.acquisition for slice_ in self.slices],
            self.patients,
        )

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Those of the series as a whole, then those of its slices."""
        return (*self.warnings, *(text for slice_ in self.slices for text in slice_.warnings))


@dataclass(frozen=True)
class ScoringRun:
    """What one run over many inputs gave.

    Attributes
    ----------
    model : ModelConfig
        The description of the model that scored.
    inputs : tuple[str, ...]
        What was asked to be scored, as it was named.
    slices : tuple[SliceScore, ...]
        The scores, in reading order.
    failed : tuple[Problem, ...]
        Slices and inputs that could not be scored.
    left_out : tuple[Problem, ...]
        Readable images that are not axial CT, which nobody expects to be scored.
    found : int
        Number of slices found in the inputs.
    sha256 : dict[str, str]
        SHA-256 of each file read, by path; of a zip, not of its members.
    seconds : dict[str, float]
        ``index`` to read the headers, ``tuning`` to find how to score many slices, ``read`` that
        the model waited for pixels, ``inference`` to score, ``total``.
    stopped : KeyboardInterrupt or DistiliqaError or None
        What ended the run before all slices were scored; None if nothing did.
    reference : str or None
        What the slices were compared with, as it was named; None if with nothing.
    patients : dict[str, int]
        Number of patients that the slices of a series say they are of, by series.
    count_outside : bool
        Let slices out of domain count for their series.
    expected : dict[str, int]
        Number of slices found of each series, by series. A file that cannot be read at all counts
        for each series with slices in its folder, for it may be of any of them.
    execution : Execution
        What ran the model, and how.
    """

    model: ModelConfig
    inputs: tuple[str, ...]
    slices: tuple[SliceScore, ...]
    failed: tuple[Problem, ...]
    left_out: tuple[Problem, ...]
    found: int
    sha256: dict[str, str]
    seconds: dict[str, float]
    stopped: KeyboardInterrupt | DistiliqaError | None = None
    reference: str | None = None
    patients: dict[str, int] = field(default_factory=dict)
    count_outside: bool = False
    expected: dict[str, int] = field(default_factory=dict)
    execution: Execution = field(default_factory=Execution)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slices", tuple(_numbered(self.slices)))

    @property
    def series(self) -> tuple[SeriesScore, ...]:
        """The scores grouped by series, in reading order."""
        groups = groupby(self.slices, key=lambda slice_: slice_.series)
        return tuple(
            SeriesScore(
                series,
                tuple(slices),
                self.patients.get(series, 1),
                self.count_outside,
                self.expected.get(series, 0),
            )
            for series, slices in groups
        )

    def sha256_of(self, path: str) -> str | None:
        """SHA-256 of the file that ``path``, the path of a slice, lies in."""
        places = (path, *map(str, Path(path).parents))
        return next((self.sha256[at] for at in places if at in self.sha256), None)


def _numbered(slices: Iterable[SliceScore]) -> Iterator[SliceScore]:
    """The slices with their number in their series."""
    for _, series in groupby(slices, key=lambda slice_: slice_.series):
        for number, slice_ in enumerate(series, start=1):
            yield slice_ if slice_.number == number else replace(slice_, number=number)

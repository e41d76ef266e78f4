"""The score of one slice, with the facts that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Acquisition, SliceInfo, Window
from distiliqa.errors import one_line
from distiliqa.metrics.slice_measures import SliceMeasures


@dataclass(frozen=True)
class Comparison:
    """The similarity of a slice to its reference in the window of the model.

    `distiliqa.metrics` has the metrics. All are None where there is no reference slice.

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


@dataclass(frozen=True, repr=False)
class SliceScore:
    """The score of one slice.

    Attributes
    ----------
    score : float
        Mean of the model's outputs, on the scale that the model states, held back where the slice
        was processed, see `distiliqa.scoring.hold_back`. An image without a patient has the worst
        score of the scale, and a warning.
    outputs : tuple[float, ...]
        The outputs of the model, one for each teacher it was distilled from; of a model with
        attributes, the closeness of each to its best.
    spread : float or None
        Sample standard deviation of the outputs; None where there is only one.
    warnings : tuple[str, ...]
        Notes for the reader of the score, one short sentence each.
    model : str
        Name and version of the model.
    window : Window
        The window that was applied to the slice.
    info : SliceInfo
        The facts of the slice, and the way to read its pixels. ``path``, ``frame``, ``series``,
        ``position_mm``, ``sop_uid`` and ``acquisition`` are its own. For slices of an array the
        path is empty, and the frame counts along the first axis.
    noise_hu : float or None
        Global noise level, HU, see `distiliqa.metrics.global_noise_level`; None where there is too
        little soft tissue, or all values are shifted.
    comparison : Comparison or None
        Comparison with the slice of a reference; None without a reference.
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
        see `distiliqa.scoring.domain.unlike_training`; or all its values are shifted.
    processed : float or None
        Probability, 0 to 1, that the slice was denoised, filtered or reconstructed so that its
        texture is no longer that of noise. None if the model has no such output, and for an image
        without a patient.
    counts_as_processed : bool
        ``processed`` is above the threshold of the model. Detail may be lost that the image cannot
        show.
    unmapped : float or None
        The score on the scale of the network; None for a model without a map to readers' ratings,
        see `distiliqa.models.score_map`.
    attributes : dict[str, float] or None
        The value of each attribute, each on its own scale; None for a model without attributes and
        for an image without a patient.
    number : int
        Its number among the scored slices of its series, from 1, in a `ScoringRun`; else 0.
    measures : SliceMeasures or None
        Sharpness, texture, size, dose and more, see `distiliqa.metrics.measure_slice`; None where
        nothing was measured.
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
    processed: float | None = None
    counts_as_processed: bool = False
    unmapped: float | None = None
    attributes: dict[str, float] | None = field(default=None, compare=False)
    number: int = field(default=0, compare=False)
    measures: SliceMeasures | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        noise = "" if self.noise_hu is None else f", noise {self.noise_hu:.1f} HU"
        where = f" of {one_line(PurePath(self.path).name)}" if self.path else ""
        domain = ", out of domain" if self.out_of_domain else ""
        return f"<SliceScore{where}: {score_text(self.score, self.interval)}{noise}{domain}>"

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
    def ctdi_phantom_cm(self) -> int | None:
        """Diameter of the phantom of CTDIvol, cm: by the header, else by a dose report."""
        stated = self.acquisition.ctdi_phantom_cm
        return stated if stated or self.measures is None else self.measures.ssde.phantom_cm

    @property
    def raw_score(self) -> float:
        """Mean of the outputs, before a score is held back or that of an empty image is set."""
        return fmean(self.outputs)

    @property
    def out_of_domain(self) -> bool:
        """Whether the slice is out of domain, or shows no patient."""
        far = self.distance is not None and self.distance > 1
        return self.empty or self.unlike or far

    @property
    def tier(self) -> int:
        """0 in the domain, 1 out of domain, 2 without a patient; only the lowest counts."""
        return int(self.out_of_domain) + int(self.empty)


def score_text(score: float, interval: tuple[float, float] | None) -> str:
    """``3.84 (3.39 to 4.00)``, or the score alone."""
    return f"{score:.2f}" + ("" if interval is None else " ({:.2f} to {:.2f})".format(*interval))

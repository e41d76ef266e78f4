"""The content of ``config.json``: what a model takes, and what its scores mean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from distiliqa.ct.hu import MAX_SIDE, MIN_SIDE
from distiliqa.ct.window import SOFT_TISSUE, Window
from distiliqa.models.attributes import Attribute
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale
from distiliqa.models.seen_faults import Ladder

FORMAT = 1
INPUT, OUTPUT = "image", "scores"
DISTANCE, HEATMAP, PROCESSED = "distance", "heatmap", "processed"  # of models that have them
MAX_OUTPUTS = 1000
MIN_SHOWN = 0.15  # mean of a windowed patch that is not air, whose quality a heatmap shows


@dataclass(frozen=True)
class TissueLimits:
    """What a body may be made of to be in the domain, see `distiliqa.metrics.BodyTissue`.

    A model without a limit of roundness has 1.
    """

    min_aspect: float
    min_air: float
    min_bone: float
    max_bone: float
    max_ring: float
    min_fat: float
    max_soft: float
    max_peak: float
    max_roundness: float = 1.0


@dataclass(frozen=True)
class Domain:
    """The domain that the model was trained on: limits of body shape, pixel size and distance.

    Attributes
    ----------
    false_alarms : float
        Share of images like those of training that are out of domain, in (0, 1).
    images : int
        Number of training images that the distance refers to.
    checked : int
        Number of images, each of a patient unknown to what it was compared with, that the limit was
        set on.
    smallest_mm : float or None
        water-equivalent diameter below which a body is out of domain, mm; None where the pixel
        spacing of no training image is known.
    deepest_cleft : float
        Cleft above which a body is out of domain, see `distiliqa.metrics.BodyShape`.
    least_contrast_hu, most_contrast_hu : contrast inside a body, HU, below or above which it is out
        of domain, see there; no upper limit where the latter is None.
    min_pixel_mm, max_pixel_mm : float or None
        Pixel spacing below or above which a slice is out of domain, mm; None for no limit.
    tissue : TissueLimits or None
        Limits of what the body is made of; None for a model that has none.
    """

    false_alarms: float
    images: int
    checked: int
    smallest_mm: float | None = None
    deepest_cleft: float = 1.0
    least_contrast_hu: float = 0.0
    most_contrast_hu: float | None = None
    min_pixel_mm: float | None = None
    max_pixel_mm: float | None = None
    tissue: TissueLimits | None = None


@dataclass(frozen=True)
class ModelConfig:
    """The content of ``config.json``.

    Attributes
    ----------
    name, version : str
        Which model this is.
    architecture : dict[str, Any]
        Sizes of the network, the fields of `distiliqa.lab.network.NetworkConfig`.
    outputs : int
        Number of outputs; the score is their mean.
    scale : ScoreScale
        Range, direction and meaning of the score.
    window, image_size : what the network sees: ``image`` is (n, 1, image_size, image_size),
        float32 in [0, 1] after the window; the answer ``scores`` is (n, outputs), float32.
    interval_calibration : IntervalCalibration or None
        Sets the width of prediction intervals; None if not calibrated.
    domain : Domain or None
        Limits of the domain, to which ``distance``, (n,), is relative; None for a model without
        that output.
    heatmap : tuple[int, int] or None
        Rows and columns of the output ``heatmap``, the score of each patch alone; None for a model
        without it.
    processed : bool
        Whether it has the output ``processed``, (n,), the probability that the texture of a slice
        is no longer that of noise.
    processed_calibration : ProcessedCalibration or None
        What that probability does to the score; None where it does nothing.
    ladders : tuple[Ladder, ...]
        Its scores along ladders of faults: what it sees and does not see. Empty if not measured.
    regions : tuple[str, ...] or None
        The regions of the body that it was trained on, by the names of `distiliqa.ct.dicom.region`;
        None where headers have no say.
    score_map : ScoreMap or None
        The map from the score of the network to ``scale``, that of a site's readers; None where the
        network gives scores on ``scale`` itself.
    attributes : tuple[Attribute, ...]
        What each output rates; the score is then the mean closeness to their best. Empty for a
        model whose outputs all rate the quality.
    training : dict[str, Any]
        What the model was trained on and how it did, as facts by name.
    files : dict[str, str]
        SHA-256 of the binaries by file name.
    made_by : str
        Version of distiliqa that wrote the folder.
    """

    name: str
    version: str
    architecture: dict[str, Any]
    outputs: int
    scale: ScoreScale
    window: Window = SOFT_TISSUE
    image_size: int = 512
    interval_calibration: IntervalCalibration | None = None
    domain: Domain | None = None
    heatmap: tuple[int, int] | None = None
    processed: bool = False
    processed_calibration: ProcessedCalibration | None = None
    ladders: tuple[Ladder, ...] = ()
    regions: tuple[str, ...] | None = None
    score_map: ScoreMap | None = None
    attributes: tuple[Attribute, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    made_by: str = ""
    format: int = FORMAT

    def __post_init__(self) -> None:
        if not 0 <= self.outputs <= MAX_OUTPUTS:
            raise ValueError(f"{self.outputs} outputs, more than {MAX_OUTPUTS} or none")
        if not MIN_SIDE <= self.image_size <= MAX_SIDE:
            raise ValueError(f"images of {self.image_size} pixels")
        if self.heatmap is not None and not all(0 < n <= self.image_size for n in self.heatmap):
            raise ValueError("a heatmap with more parts than pixels, or none")
        if self.attributes and len(self.attributes) != self.outputs:
            raise ValueError(f"{len(self.attributes)} attributes for {self.outputs} outputs")
        if self.processed_calibration is not None and not self.processed:
            raise ValueError("a calibration of processing without that output")

    @property
    def network_scale(self) -> ScoreScale:
        """The scale of the outputs of the network, before a map."""
        return self.scale if self.score_map is None else self.score_map.of

    @property
    def title(self) -> str:
        """Name and version."""
        return f"{self.name} {self.version}"

    def giving(self, *, heatmaps: bool) -> ModelConfig:
        """The same model, without its heatmap where none is needed."""
        return self if heatmaps or self.heatmap is None else replace(self, heatmap=None)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The outputs of ``model.onnx``."""
        known = {
            OUTPUT: True,
            DISTANCE: self.domain,
            HEATMAP: self.heatmap,
            PROCESSED: self.processed,
        }
        return tuple(name for name, there in known.items() if there)

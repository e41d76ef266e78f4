"""The model folder: the one thing that training hands to scoring.

``model.onnx`` is what scoring runs, ``model.safetensors`` are the weights for torch,
``insight.safetensors`` holds domain and local quality map, ``config.json`` says what all mean,
``README.md`` is the model card. ``config.json`` holds the SHA-256 of the binaries, so that a
folder with an altered file is refused.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from distiliqa.ct.hu import MAX_SIDE, MIN_SIDE
from distiliqa.ct.window import SOFT_TISSUE, Window
from distiliqa.errors import (
    MAX_PROBLEM,
    DistiliqaError,
    ModelFolderError,
    one_line,
    quoted,
    shortened,
)
from distiliqa.files import sha256, write_json
from distiliqa.foreign_text import from_json, read_json

FORMAT = 1
ONNX, WEIGHTS, CONFIG, CARD = "model.onnx", "model.safetensors", "config.json", "README.md"
INSIGHT = "insight.safetensors"
INPUT, OUTPUT = "image", "scores"
DISTANCE, HEATMAP = "distance", "heatmap"  # outputs of models that have them
MAX_CONFIG_BYTES = 1 << 20
MAX_NAME, MAX_OUTPUTS = 60, 1000
MAX_SCORE, MIN_SPAN = 1e6, 1e-3  # scores are written with six decimals
MIN_SHOWN = 0.15  # mean of a windowed patch that is not air, whose quality a heatmap shows


@dataclass(frozen=True)
class ScoreScale:
    """What a score means: its range, its direction and the meaning of the top of the range."""

    low: float
    high: float
    meaning: str
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        ends = (self.low, self.high)
        if not (self.high - self.low >= MIN_SPAN and max(map(abs, ends)) <= MAX_SCORE):
            raise DistiliqaError(
                f"a scale from {self.low:g} to {self.high:g}",
                remedy=f"its high end lies {MIN_SPAN:g} or more above the low one, "
                f"both within {MAX_SCORE:g}",
            )

    @property
    def worst(self) -> float:
        """The score of an image that shows nothing."""
        return self.low if self.higher_is_better else self.high


@dataclass(frozen=True)
class IntervalCalibration:
    """How wide the prediction interval of a score is, by split conformal prediction.

    Half of it is ``quantile * (spread + floor)``; see `distiliqa.statistics.conformal`.

    Attributes
    ----------
    coverage : share of images whose label lies inside, in (0, 1).
    quantile : of the errors on the images it was calibrated on, relative to spread and floor.
    floor : added to the spread of the outputs, in units of the score.
    images, cases : number of images and patients that it was calibrated on.
    """

    coverage: float
    quantile: float
    floor: float
    images: int
    cases: int

    def __post_init__(self) -> None:
        if not (0 < self.coverage < 1 and self.quantile >= 0 and self.floor >= 0):
            raise ValueError("a certainty has a coverage in (0, 1), and nothing below 0")

    def interval(self, score: float, spread: float, scale: ScoreScale) -> tuple[float, float]:
        """Lowest and highest label to expect, within the scale, which a score may lie outside."""
        half = self.quantile * (spread + self.floor)
        low, high = (min(max(end, scale.low), scale.high) for end in (score - half, score + half))
        return low, high


@dataclass(frozen=True)
class Domain:
    """What the model was trained on: the limits of body shapes, and what that of distance means.

    Attributes
    ----------
    false_alarms : share of images like those of training that lie outside, in (0, 1).
    images : number of training images that the distance refers to.
    checked : number of images, each of a patient unknown to what it was compared with, that the
        limit was set on.
    smallest_mm : water-equivalent diameter below which a body is outside, mm; None where the pixel
        spacing of no training image is known.
    deepest_cleft : cleft above which a body is outside, see `distiliqa.metrics.BodyShape`.
    least_contrast_hu, most_contrast_hu : contrast inside a body below or above which it is outside,
        HU, see there; nothing more is known where the latter is None.
    min_pixel_mm, max_pixel_mm : pixel spacing below or above which a slice is outside, mm; None
        where it does not matter.
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


@dataclass(frozen=True)
class ModelConfig:
    """The content of ``config.json``.

    Attributes
    ----------
    name, version : which model this is.
    architecture : sizes of the network, the fields of `distiliqa.lab.network.NetworkConfig`.
    outputs : number of outputs; the score is their mean, their spread is its uncertainty.
    scale : range, direction and meaning of the score.
    window, image_size : what the network sees: ``image`` is (n, 1, image_size, image_size),
        float32 in [0, 1] after the window; the answer ``scores`` is (n, outputs), float32.
    certainty : how wide prediction intervals are; None where nobody calibrated them.
    domain : what ``distance``, (n,), refers to; None for a model without that output.
    heatmap : rows and columns of the output ``heatmap``, the score of each patch alone; None for a
        model without it.
    regions : the regions of the body that it was trained on, by the names of
        `distiliqa.ct.dicom.region`; None where headers have no say.
    training : what the model was trained on and how it did, as facts by name.
    files : SHA-256 of the binaries by file name.
    made_by : version of distiliqa that wrote the folder.
    """

    name: str
    version: str
    architecture: dict[str, Any]
    outputs: int
    scale: ScoreScale
    window: Window = SOFT_TISSUE
    image_size: int = 512
    certainty: IntervalCalibration | None = None
    domain: Domain | None = None
    heatmap: tuple[int, int] | None = None
    regions: tuple[str, ...] | None = None
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

    @property
    def output_names(self) -> tuple[str, ...]:
        """The outputs of ``model.onnx``."""
        known = {OUTPUT: True, DISTANCE: self.domain, HEATMAP: self.heatmap}
        return tuple(name for name, there in known.items() if there)


def write_config(folder: Path, config: ModelConfig) -> None:
    """Write ``config.json`` with the SHA-256 of the binaries that lie in ``folder``."""
    there = (name for name in (ONNX, WEIGHTS, INSIGHT) if (folder / name).exists())
    digests = {name: sha256(folder / name) for name in there}
    write_json(folder / CONFIG, asdict(config) | {"files": digests})


def read_config(folder: Path) -> ModelConfig:
    """Read ``config.json``.

    Raises
    ------
    ModelFolderError : no such folder, no ``config.json``, or one of another format.
    """
    if not (folder / CONFIG).is_file():
        what = f"holds no {CONFIG}" if folder.is_dir() else "no such model folder"
        raise ModelFolderError(what, path=folder, remedy="give a folder `distiliqa export` wrote")
    try:
        content = read_json(folder / CONFIG, MAX_CONFIG_BYTES)
        if content["format"] != FORMAT:
            raise ModelFolderError(
                f"format {quoted(content['format'])}, this version reads {FORMAT}",
                path=folder,
                remedy="update distiliqa or export the model again",
            )
        return _parsed(content)
    except ModelFolderError:
        raise
    except (DistiliqaError, KeyError, TypeError, ValueError) as error:
        problem = error.problem if isinstance(error, DistiliqaError) else error
        raise ModelFolderError(
            f"not a model description ({problem})", path=folder / CONFIG, remedy="export it again"
        ) from error


def _parsed(content: Any) -> ModelConfig:
    config = from_json(ModelConfig, content)
    if config.outputs < 1:
        raise ValueError("no outputs")
    return replace(
        config,
        name=_shown(config.name, MAX_NAME),
        version=_shown(config.version, MAX_NAME),
        made_by=_shown(config.made_by, MAX_NAME),
        regions=config.regions and tuple(_shown(name, MAX_NAME) for name in config.regions),
        scale=replace(config.scale, meaning=_shown(config.scale.meaning, MAX_PROBLEM)),
    )


def _shown(text: str, most: int) -> str:
    """A text as reports show it: one line, no longer than ``most`` characters."""
    return one_line(shortened(" ".join(text.split()), most))


def checked_file(folder: Path, name: str, config: ModelConfig) -> Path:
    """Path of a binary of the folder, once its SHA-256 is the one in ``config.json``.

    Raises
    ------
    ModelFolderError : the file is missing or altered.
    """
    path = folder / name
    if not path.is_file():
        raise ModelFolderError("missing", path=path, remedy="export or copy the model again")
    if sha256(path) != config.files.get(name):
        raise ModelFolderError(
            f"is not the file that {CONFIG} describes (SHA-256 differs)",
            path=path,
            remedy="export or copy the model again",
        )
    return path

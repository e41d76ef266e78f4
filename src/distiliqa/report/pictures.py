"""Slices as pictures: in the window of the model, and with a heatmap in color on top."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from distiliqa.ct import Window, crop_or_pad
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.scoring.slice_score import SliceScore

LEGEND = 64  # width of the legend beside a heatmap, px
_BAR, _TEXT = (6, 14), 24  # of the legend: left and width of the bar, left of its numbers, px
_SHARES = (0, 0.25, 0.5, 0.75, 1)  # of the scale, where the numbers stand
_JPEG_QUALITY = 85
_FONTS = range(34, 12, -1)  # px; pages show pictures at less than half their size
# Ends of the map in Oklab (https://bottosson.github.io/posts/oklab): dark blue and light yellow.
# The straight line between them is even to the eye, and in gray it is a ramp.
_BEST, _WORST = (0.28, -0.01, -0.10), (0.94, -0.02, 0.15)


def windowed(hu: NDArray[np.float32], window: Window) -> NDArray[np.uint8]:
    """One slice through a window, 8-bit gray, a pixel for a pixel.

    Parameters
    ----------
    hu : ndarray of float32
        (rows, columns), HU.
    """
    return np.rint(255 * window.apply(hu)).astype(np.uint8)


def heatmap_picture(
    shown: NDArray[np.uint8], heatmap: NDArray[np.float32], scale: ScoreScale
) -> Image.Image:
    """The slice that the model saw, colored by the score of each part, with a legend on its right.

    Yellow is the worst end of the scale, blue the best; the slice shows through as shade.

    Parameters
    ----------
    shown : ndarray of uint8
        (size, size), the slice that the model saw, see `windowed`.
    heatmap : ndarray of float32
        (rows, columns) of patches over that slice, on ``scale``; NaN stays gray.

    Returns
    -------
    RGB, (size, size + `LEGEND`) pixels.
    """
    height, width = shown.shape
    gray = shown[..., np.newaxis] / 255
    scores, known = _smoothed(heatmap, (width, height))
    colored = (0.45 + 0.55 * gray) * map_colors(scores, scale)
    colors = np.where(known[..., np.newaxis], colored, gray)
    picture = Image.new("RGB", (width + LEGEND, height), "white")
    picture.paste(Image.fromarray(np.uint8(np.rint(255 * colors))))
    _draw_legend(picture, width, scale)
    return picture


def _smoothed(
    heatmap: NDArray[np.floating], size: tuple[int, int]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """A map of (width, height) pixels without edges of patches, and where it is known.

    Patches that are NaN do not change their neighbors.
    """

    def enlarged(values: NDArray, how: Image.Resampling) -> NDArray[np.float32]:
        return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, how))

    known = np.isfinite(heatmap)
    sums = enlarged(np.where(known, heatmap, 0), Image.Resampling.BILINEAR)
    weights = enlarged(known, Image.Resampling.BILINEAR)
    inside = enlarged(known, Image.Resampling.NEAREST) > 0.5
    return sums / np.where(inside, weights, 1), inside


def map_colors(scores: NDArray[np.floating], scale: ScoreScale) -> NDArray[np.floating]:
    """Colors of scores of any shape: sRGB in [0, 1], one more axis of 3 at the end."""
    loss = np.clip((scores - scale.low) / (scale.high - scale.low), 0, 1)[..., np.newaxis]
    loss = 1 - loss if scale.higher_is_better else loss
    return _srgb((1 - loss) * np.array(_BEST) + loss * np.array(_WORST))


def as_data_uri(image: Image.Image) -> str:
    """The picture as a ``data:`` URI, in JPEG."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _srgb(oklab: NDArray[np.floating]) -> NDArray[np.floating]:
    """From Oklab to gamma-coded sRGB, clipped to [0, 1]."""
    to_cones = np.array(
        [
            [1, 0.3963377774, 0.2158037573],
            [1, -0.1055613458, -0.0638541728],
            [1, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((oklab @ to_cones.T) ** 3 @ to_linear.T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _draw_legend(picture: Image.Image, left: int, scale: ScoreScale) -> None:
    """The colors of the whole scale, its best end on top."""
    top, bottom, draw = 24, picture.height - 24, ImageDraw.Draw(picture)
    best = scale.low + scale.high - scale.worst
    ramp = map_colors(np.linspace(best, scale.worst, bottom - top)[:, np.newaxis], scale)
    bar = Image.fromarray(np.uint8(np.rint(255 * ramp))).resize((_BAR[1], bottom - top))
    picture.paste(bar, (left + _BAR[0], top))
    texts = tuple(f"{best + share * (scale.worst - best):g}" for share in _SHARES)
    font = _largest_font(texts)
    for share, text in zip(_SHARES, texts, strict=True):
        height = top + share * (bottom - top)
        draw.text((left + _TEXT, height), text, fill="black", font=font, anchor="lm")


@lru_cache(maxsize=8)
def _largest_font(texts: tuple[str, ...]) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The largest font in which all texts fit into the legend."""
    fonts = map(ImageFont.load_default, _FONTS)
    room = LEGEND - _TEXT
    fitting = (font for font in fonts if max(map(font.getlength, texts)) <= room)
    return next(fitting, ImageFont.load_default(_FONTS[-1]))


@dataclass(frozen=True)
class Picture:
    """A slice and its heatmap as ``data:`` URIs, empty where there is none.

    ``shown`` is the slice as the model saw it, see `windowed`; None where it cannot be read.
    """

    image: str = field(default="", repr=False)
    heatmap: str = field(default="", repr=False)
    shown: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)


Pictures = dict[tuple[str, int], Picture]


def draw_pictures(
    entries: Iterable[SeriesEntry],
    model: ModelConfig,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Draw the examples of the series that are pictured, see `draw_slices`."""
    wanted = [slice_ for entry in entries if entry.pictured for slice_ in entry.examples.values()]
    return draw_slices(wanted, model, progress)


def draw_slices(
    wanted: Sequence[SliceScore],
    model: ModelConfig,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Read slices again and draw them.

    Returns
    -------
    Pictures by path and frame; empty ones of slices that cannot be read any more.
    """
    pictures: Pictures = {}
    for score in wanted:
        pictures[score.path, score.frame] = _draw(score, model)
        if progress is not None:
            progress(len(pictures), len(wanted))
    return pictures


def as_the_model_saw(score: SliceScore, model: ModelConfig) -> NDArray[np.uint8]:
    """Read a scored slice: 8-bit gray, through the window, cropped or padded.

    Raises
    ------
    CTReadError
        The slice cannot be read any more, or its file is another one by now.
    """
    score.info.check_unchanged()
    hu, _ = crop_or_pad(score.info.read().hu, model.image_size)
    return windowed(hu, score.window)


def _draw(score: SliceScore, model: ModelConfig) -> Picture:
    """The slice as the model saw it, and its heatmap where there is one."""
    try:
        shown = as_the_model_saw(score, model)
    except Exception:  # gone or damaged since it was scored, for which libraries raise many kinds
        return Picture()
    image = as_data_uri(Image.fromarray(shown))
    if score.heatmap is None:
        return Picture(image, shown=shown)
    heatmap = as_data_uri(heatmap_picture(shown, score.heatmap, model.scale))
    return Picture(image, heatmap, shown)

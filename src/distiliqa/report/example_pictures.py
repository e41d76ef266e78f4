"""Pictures of the worst, the median and the best slice of each series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from distiliqa.ct import fit
from distiliqa.models.folder import ModelConfig
from distiliqa.report.entry import Entry
from distiliqa.report.pictures import as_data_uri, heatmap_picture, windowed
from distiliqa.scoring.result import SliceScore


@dataclass(frozen=True)
class Picture:
    """A slice and its heatmap as ``data:`` URIs, empty where there is none.

    ``shown`` is the slice as the model saw it, see `windowed`; None where it cannot be read.
    """

    image: str = ""
    heatmap: str = ""
    shown: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)


Pictures = dict[tuple[str, int], Picture]


def draw_pictures(
    entries: Iterable[Entry],
    model: ModelConfig,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Draw the examples of the series that are pictured, see `draw_slices`."""
    wanted = [each for entry in entries if entry.pictured for each in entry.examples.values()]
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
    CTReadError : the slice cannot be read any more, or its file is another one by now.
    """
    score.info.check_unchanged()
    hu, _ = fit(score.info.read().hu, model.image_size)
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

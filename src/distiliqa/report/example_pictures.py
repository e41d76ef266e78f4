"""Pictures of the worst, the median and the best slice of each series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from distiliqa.ct import SliceRef, fit
from distiliqa.models.folder import ModelConfig
from distiliqa.report.entry import Entry
from distiliqa.report.pictures import as_data_uri, heatmap_picture, slice_picture
from distiliqa.scoring.again import find_again
from distiliqa.scoring.result import SliceScore


class Picture(NamedTuple):
    """A slice and its heatmap as ``data:`` URIs; empty where there is none."""

    image: str = ""
    heatmap: str = ""


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
    found = find_again(wanted)
    pictures: Pictures = {}
    for each in wanted:
        place = each.path, each.frame
        pictures[place] = _draw(found.get(place), each, model)
        if progress is not None:
            progress(len(pictures), len(wanted))
    return pictures


def _draw(ref: SliceRef | None, each: SliceScore, model: ModelConfig) -> Picture:
    """The slice as the model saw it, and its heatmap where there is one."""
    if ref is None:
        return Picture()
    try:
        hu, _ = fit(ref.load().hu, model.image_size)
    except Exception:  # gone or damaged since it was scored, which its libraries tell in many ways
        return Picture()
    image = as_data_uri(slice_picture(hu, each.window))
    if each.heatmap is None:
        return Picture(image)
    return Picture(image, as_data_uri(heatmap_picture(hu, each.window, each.heatmap, model.scale)))

"""Pictures of the worst, the median and the best slice of each series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from distiliqa.ct import CTSlice, fit, index_ct
from distiliqa.model_folder import ModelConfig
from distiliqa.report.html.entry import Entry
from distiliqa.report.pictures import as_data_uri, heatmap_picture, slice_picture
from distiliqa.scoring.reader import file_of
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
    by_file: defaultdict[Path, list[SliceScore]] = defaultdict(list)
    for each in wanted:
        by_file[file_of(each.path)].append(each)
    pictures: Pictures = {}
    for file, slices in by_file.items():
        for each, ct in _read(file, slices):
            pictures[each.path, each.frame] = Picture() if ct is None else _draw(ct, each, model)
            if progress is not None:
                progress(len(pictures), len(wanted))
    return pictures


def _read(file: Path, slices: Sequence[SliceScore]) -> Iterator[tuple[SliceScore, CTSlice | None]]:
    """The pixels of slices of one file; None where they cannot be read any more."""
    try:
        refs = {(ref.path, ref.frame): ref for ref in index_ct(file).slices}
    except Exception:  # gone or damaged since it was scored, which its libraries tell in many ways
        refs = {}
    for each in slices:
        try:
            yield each, refs[each.path, each.frame].load()
        except Exception:
            yield each, None


def _draw(ct: CTSlice, each: SliceScore, model: ModelConfig) -> Picture:
    """The slice as the model saw it, and its heatmap where there is one."""
    hu, _ = fit(ct.hu, model.image_size)
    image = as_data_uri(slice_picture(hu, each.window))
    if each.heatmap is None:
        return Picture(image)
    return Picture(image, as_data_uri(heatmap_picture(hu, each.window, each.heatmap, model.scale)))

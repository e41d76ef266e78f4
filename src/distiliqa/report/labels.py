"""Short names for people: series by their folder or file, slices by their place in it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence

from distiliqa.errors import one_line
from distiliqa.scoring.result import SeriesScore, SliceScore


def series_labels(series: Sequence[SeriesScore], width: int) -> list[str]:
    """Where each series lies, without the part of the path that all share.

    Series that lie in one folder are numbered; labels longer than ``width`` keep their end.
    """
    places = [_place(one.slices) for one in series]
    shared = _common(places)
    if shared in places:
        shared = os.path.dirname(shared)
    labels = [_inside(shared, place) for place in places]
    counts, seen = Counter(labels), Counter[str]()
    for at, label in enumerate(labels):
        seen[label] += 1
        if counts[label] > 1:
            labels[at] = f"{label} ({seen[label]})"
    return [_shortened(label, width) for label in labels]


def slice_labels(slices: Sequence[SliceScore], width: int) -> list[str]:
    """The file of each slice in the folder they share, with its number where it holds several."""
    folder = _common([os.path.dirname(slice_.path) for slice_ in slices])
    per_file = Counter(slice_.path for slice_ in slices)
    labels = []
    for slice_ in slices:
        number = f" [{slice_.number}]" if per_file[slice_.path] > 1 else ""
        labels.append(_shortened(_inside(folder, slice_.path) + number, width))
    return labels


def _place(slices: Iterable[SliceScore]) -> str:
    """The one file that holds the slices, or the folder that holds their files."""
    paths = {slice_.path for slice_ in slices}
    return paths.pop() if len(paths) == 1 else _common([os.path.dirname(path) for path in paths])


def _common(paths: Sequence[str]) -> str:
    """The folder that holds all paths; empty where some are relative and some are not."""
    try:
        return os.path.commonpath(paths)
    except ValueError:
        return ""


def _inside(folder: str, path: str) -> str:
    return os.path.relpath(path, folder) if folder else path or "."


def _shortened(label: str, width: int) -> str:
    """The end of a long label, where names of files and UIDs differ."""
    label = one_line(label)
    return label if len(label) <= width else "…" + label[1 - width :]

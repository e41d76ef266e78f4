"""``model.onnx`` of a model folder, which may be anybody's, checked before a runtime sees it."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distiliqa.errors import ModelFolderError
from distiliqa.models.config import DISTANCE, HEATMAP, INPUT, OUTPUT, ModelConfig
from distiliqa.models.folder import ONNX, checked_file
from distiliqa.scoring.runtimes.onnx_file import read_graph
from distiliqa.scoring.runtimes.onnx_sizes import Sizes

# Two numbers of slices: what grows faster than their number is found by the larger.
_COUNTS = (2, 64)


def checked_network(folder: Path, config: ModelConfig) -> Path:
    """The path of ``model.onnx``, once it is what an export could have written.

    Its SHA-256 is that of the folder, its operators are known and none is a loop, all constants lie
    in the file, the sizes of all values are known and bounded, and it takes and gives what
    ``config.json`` says.

    Raises
    ------
    ModelFolderError : any of that is not so.
    """
    path = checked_file(folder, ONNX, config)
    try:
        with path.open("rb") as file:  # the map stays as long as something refers to it
            graph = read_graph(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
        for count in _COUNTS:
            shapes = Sizes(graph, count).shapes
            found = {name: shapes[name] for name, _ in (*graph.inputs, *graph.outputs)}
            if any(shape[:1] != (count,) for shape in found.values()):
                raise ValueError("it does not take and give slices")
    except (ValueError, LookupError) as error:
        raise ModelFolderError(
            f"not a network that distiliqa exports ({error})",
            path=path,
            remedy="export it again with this version of distiliqa",
        ) from error
    check_shapes({name: list(shape[1:]) for name, shape in found.items()}, config, path)
    return path


def check_shapes(found: Mapping[str, list[Any]], config: ModelConfig, path: Path) -> None:
    """Compare what a network takes and gives, by name and without the batch, with its description.

    Raises
    ------
    ModelFolderError : they differ.
    """
    size = config.image_size
    stated: dict[str, list[int]] = {INPUT: [1, size, size], OUTPUT: [config.outputs]}
    if config.domain is not None:
        stated[DISTANCE] = []
    if config.heatmap is not None:
        stated[HEATMAP] = list(config.heatmap)
    if found != stated:
        raise ModelFolderError(
            f"takes and gives {found}, not what config.json says",
            path=path,
            remedy="export the model again",
        )

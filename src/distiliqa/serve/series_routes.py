"""Series and their slices for the page: the list, thumbnails, pixels and heatmaps."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from distiliqa.ct import CTSlice, Window
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp, file_stamp
from distiliqa.models.folder import CONFIG, find_model
from distiliqa.report.json import model_facts
from distiliqa.report.names import short_hash
from distiliqa.report.pictures import windowed
from distiliqa.scoring.model import Model, load_model
from distiliqa.serve.slice_pixels import pack, read_slice
from distiliqa.serve.stored_results import Chosen
from distiliqa.serve.workspace import Workspace

THUMBNAIL = 96  # px
_PLACE = ("path", "slice", "sha256")  # of a slice, which the page does not need
_loading = Lock()


def list_series(request: Request) -> Response:
    """One row a series with the scale of its score, the worst share of the scale first."""
    workspace: Workspace = request.app.state.workspace
    identify = workspace.settings.identify
    rows = [
        {**one.series.row(identify=identify), "scale": one.results.model["scale"]}
        for one in workspace.listed()
    ]
    rows.sort(key=_worst_first)
    return JSONResponse(rows)


def _worst_first(row: dict[str, Any]) -> float:
    """Share of the scale above its worst end: models may have different scales."""
    scale = row["scale"]
    share: float = (row["score"] - scale["low"]) / (scale["high"] - scale["low"])
    return share if scale["higher_is_better"] else 1 - share


def show_series(request: Request) -> Response:
    """A series with its slices, their scores and measures; paths stay here."""
    chosen = _chosen(request)
    workspace: Workspace = request.app.state.workspace
    slices = [
        {name: value for name, value in slice_.items() if name not in _PLACE}
        for slice_ in chosen.series.slices
    ]
    return JSONResponse(
        {
            **chosen.series.row(identify=workspace.settings.identify),
            "window": chosen.results.window,
            "scale": chosen.results.model["scale"],
            "slices": slices,
        }
    )


def show_pixels(request: Request) -> Response:
    """The HU of a slice, compressed."""
    ct = _slice(_chosen(request), request.path_params["number"])
    answer = pixels_answer(ct)
    # Positions can be compared within a study: it has one system of coordinates.
    answer.headers["X-Study"] = short_hash(ct.info.study_uid) if ct.info.study_uid else ""
    return answer


def pixels_answer(ct: CTSlice) -> Response:
    """The answer that holds the HU of a slice, as the viewer reads it."""
    pixels = pack(ct)
    headers = {
        "Content-Encoding": "gzip",
        "X-Kind": pixels.kind,
        "X-Rows": str(pixels.rows),
        "X-Columns": str(pixels.columns),
        "X-Spacing": _numbers(pixels.spacing_mm),
        "X-Center": _numbers(pixels.center_mm),
    }
    return Response(pixels.content, headers=headers, media_type="application/octet-stream")


def _numbers(values: Iterable[float] | None) -> str:
    return ",".join(repr(float(value)) for value in values or ())


def show_thumbnail(request: Request) -> Response:
    """The worst slice of a series, small, in the window of the model."""
    chosen = _chosen(request)
    higher = chosen.results.model["scale"]["higher_is_better"]
    counted = [one for one in chosen.series.slices if not one["empty"]] or chosen.series.slices
    worst = min(counted, key=lambda one: one["score"] if higher else -one["score"])
    ct = read_slice(worst["path"], worst["slice"], worst["sha256"])
    picture = Image.fromarray(windowed(ct.hu, Window(**chosen.results.window)))
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return Response(file.getvalue(), media_type="image/png")


def show_heatmap(request: Request) -> Response:
    """The score that each part of a slice alone would get; null where no patient is.

    The map lies over the central ``size`` x ``size`` pixels of the slice.
    """
    chosen = _chosen(request)
    ct = _slice(chosen, request.path_params["number"])
    with _loading:
        model = _model(request.app.state.workspace.settings.model, chosen.results.model)
    (score,) = model.score_slices([ct], keep_heatmaps=True)
    if score.heatmap is None:
        raise DistiliqaError(
            "the model has no local quality map",
            remedy="leave the heatmap off, or score with a model that has one",
        )
    rows, columns = score.heatmap.shape
    values = [None if np.isnan(value) else round(float(value), 3) for value in score.heatmap.flat]
    size = model.config.image_size
    return JSONResponse({"rows": rows, "columns": columns, "size": size, "values": values})


def _model(name: str, scored_by: dict[str, Any]) -> Model:
    """The model of the server, where it is the one that scored, on the same scale."""
    model = _loaded(name, file_stamp(find_model(name) / CONFIG))
    if model_facts(model.config) != scored_by:
        raise DistiliqaError(
            "scored by another model than the one here", remedy="start with --model, or score again"
        )
    return model


@lru_cache(maxsize=1)
def _loaded(name: str, stamp: FileStamp | None) -> Model:
    return load_model(name, batch=1)


def _chosen(request: Request) -> Chosen:
    workspace: Workspace = request.app.state.workspace
    return workspace.choose(request.path_params["key"])


def _slice(chosen: Chosen, number: int) -> CTSlice:
    if not 1 <= number <= len(chosen.series.slices):
        raise DistiliqaError("no such slice", remedy="choose one of the series")
    found = chosen.series.slices[number - 1]
    return read_slice(found["path"], found["slice"], found["sha256"])


ROUTES = [
    Route("/api/series", list_series),
    Route("/api/series/{key}", show_series),
    Route("/api/series/{key}/thumbnail", show_thumbnail),
    Route("/api/series/{key}/slices/{number:int}/pixels", show_pixels),
    Route("/api/series/{key}/slices/{number:int}/heatmap", show_heatmap),
]

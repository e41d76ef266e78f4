"""Predictions to evaluate: computed by trained networks, or read from a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct.window import SOFT_TISSUE, Window
from distiliqa.errors import DistiliqaError, ModelFolderError, quoted
from distiliqa.foreign_text import read_csv
from distiliqa.lab.data.cache import open_cache
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import load_network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.recipe import load_recipe
from distiliqa.lab.train.training_run import BEST, RECIPE
from distiliqa.models.folder import CONFIG, read_config
from distiliqa.terminal import track

# As `distiliqa evaluate`, `distiliqa score` and the published code write them.
_COLUMNS = (("image", "pred"), ("path", "score"), ("patient", "pred"))


@dataclass(frozen=True)
class Predictor:
    """Networks whose outputs are columns; the score is the mean of a row."""

    networks: Sequence[Network]
    source: Path
    window: Window

    @property
    def image_size(self) -> int:
        """Rows and columns of the slices it takes."""
        return self.networks[0].config.image_size

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs (n, k) for windowed slices (n, 1, size, size) in [0, 1]."""
        device = next(self.networks[0].parameters()).device
        batch = torch.from_numpy(images).to(device)
        with torch.inference_mode():
            columns = [network(batch) for network in self.networks]
        return torch.cat(columns, dim=1).float().cpu().numpy()


def load_predictor(source: Path | str) -> Predictor:
    """Load the networks of ``source``, on the GPU if there is one.

    Parameters
    ----------
    source : weights (``.safetensors``), a model folder, the folder of one fold or of the student,
        ``RUN/teacher`` (the ensemble), or a run (its student, or its teachers if it has none).

    Raises
    ------
    ModelFolderError : it holds no trained network.
    """
    source = Path(source)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if (source / CONFIG).is_file():
        networks, window = [load_network(source)], read_config(source).window
    else:
        networks = [read_network(path) for path in _weights(source)]
        window = _window(source)
    return Predictor([network.to(device) for network in networks], source, window)


def _window(source: Path) -> Window:
    """Window of the run that ``source`` is or lies in; soft tissue if there is no run."""
    for folder in (source, *source.resolve().parents):
        if (folder / RECIPE).is_file():
            return load_recipe(folder / RECIPE).window.window()
    return SOFT_TISSUE


def _weights(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    for pattern in (BEST, f"student/{BEST}", f"fold_*/{BEST}", f"teacher/fold_*/{BEST}"):
        if found := sorted(source.glob(pattern), key=lambda path: (len(str(path)), str(path))):
            return found
    raise ModelFolderError(
        "holds no trained network",
        path=source,
        remedy="give a training run, its teacher or student folder, or a model folder",
    )


def predict(
    predictor: Predictor, images: Sequence[RatedImage], *, cache_folder: Path, batch_size: int = 8
) -> NDArray[np.float64]:
    """Outputs of ``predictor`` for ``images``, (n, outputs).

    Raises
    ------
    CTReadError : an image cannot be read.
    """
    window, size = predictor.window, predictor.image_size
    cache = open_cache(images, window=window, size=size, folder=cache_folder)
    starts = range(0, len(cache), batch_size)
    batches = [
        predictor.predict(cache.array(slice(start, start + batch_size))[:, None])
        for start in track(starts, "Predicting")
    ]
    return np.concatenate(batches).astype(np.float64)


class _Row(NamedTuple):
    path: PurePath
    score: float


def read_predictions(path: Path, images: Sequence[RatedImage]) -> NDArray[np.float64]:
    """Predictions of ``images`` from a CSV file, (n,).

    The columns are ``image, pred`` (as in ``eval_info.csv``) or ``path, score`` (as in
    ``scores.csv``) or ``patient, pred`` (as in the published ``eval_info.csv``). A row is an
    image's if one path ends with the other, compared by folders: the name of the image with or
    without its extension, or its file. Rows of other images are ignored.

    Raises
    ------
    DistiliqaError : the file cannot be read, a prediction is not a number, an image has no row or
        several, a row matches several images.
    """
    rows = _read_rows(path)
    by_name: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        by_name.setdefault(row.path.name, []).append(i)
    chosen: dict[int, str] = {}
    for image in images:
        i = _find_row(image, rows, by_name, path)
        if i in chosen:
            raise DistiliqaError(
                f"the row {quoted(str(rows[i].path))} matches {quoted(chosen[i])} "
                f"and {quoted(image.name)}",
                path=path,
                remedy="name images by their path in the data folder",
            )
        chosen[i] = image.name
    return np.array([rows[i].score for i in chosen])


def _find_row(
    image: RatedImage, rows: list[_Row], by_name: dict[str, list[int]], path: Path
) -> int:
    name = PurePath(image.name)
    names = {name, name.with_name(image.path.name)}
    candidates = sorted({i for known in names for i in by_name.get(known.name, [])})
    exact = [i for i in candidates if rows[i].path in names]
    found = exact or [
        i
        for i in candidates
        if any(_ends_with(rows[i].path, known) for known in names)
        or _ends_with(image.path.resolve(), rows[i].path)
    ]
    if len(found) != 1:
        raise DistiliqaError(
            f"{len(found) or 'no'} rows for the image {quoted(image.name)}",
            path=path,
            remedy="give one prediction for every rated image",
        )
    return found[0]


def _ends_with(path: PurePath, ending: PurePath) -> bool:
    return path.parts[-len(ending.parts) :] == ending.parts


def _read_rows(path: Path) -> list[_Row]:
    header, rows = read_csv(path)
    columns = next((pair for pair in _COLUMNS if set(pair) <= set(header)), None)
    if columns is None:
        raise DistiliqaError(
            f"has the columns {', '.join(header) or 'none'}",
            path=path,
            remedy="name the columns image and pred, or path and score",
        )
    name, score = columns
    return [_Row(PurePath(row[name]), _number(row[score], line, path)) for line, row in rows]


def _number(text: str, line: int, path: Path) -> float:
    try:
        number = math.nan if "_" in text else float(text)  # Python takes 1_0 for 10
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DistiliqaError(
            f"line {line}: {quoted(text)} is not a finite number", path=path, remedy="correct it"
        )
    return number

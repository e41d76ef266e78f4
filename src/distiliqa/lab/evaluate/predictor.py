"""Predictions by trained networks, or by a model folder as scoring runs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct import CTSlice
from distiliqa.ct.window import SOFT_TISSUE, Window
from distiliqa.errors import CTReadError, ModelFolderError
from distiliqa.lab.data.cache import open_cache, read_image
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.predictions import Predictions
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import load_network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.recipe import load_recipe
from distiliqa.lab.train.training_run import BEST, RECIPE
from distiliqa.models.folder import CONFIG, find_model, read_config, shipped_models
from distiliqa.scoring.model import Model, load_model
from distiliqa.terminal import track


def is_model(source: Path) -> bool:
    """Test whether ``source`` is the name of a shipped model or a model folder."""
    return str(source) in shipped_models() or (source / CONFIG).is_file()


def score_rated(model: Model, images: Sequence[RatedImage]) -> Predictions:
    """Score rated images as `distiliqa score` does: prepared, and held back where processed.

    An image that cannot be read costs itself: its score is NaN.

    Raises
    ------
    CTReadError : no image can be read; of the first one.
    """
    failed: dict[int, CTReadError] = {}
    known = list(model.score_slices(_readable(images, failed)))
    if not known and failed:
        raise failed[0]
    in_order = iter(known)
    scores = [None if at in failed else next(in_order) for at in range(len(images))]
    calibration, scale = model.config.interval_calibration, model.config.scale
    nothing = (np.nan, np.nan)
    return Predictions(
        scores=np.array([np.nan if one is None else one.score for one in scores]),
        intervals=np.array([(one and one.interval) or nothing for one in scores]),
        coverage=None if calibration is None else calibration.coverage,
        out_of_domain=np.array([one is not None and one.out_of_domain for one in scores]),
        scale=(scale.low, scale.high),
        failed=tuple(failed.values()),
    )


def _readable(images: Sequence[RatedImage], failed: dict[int, CTReadError]) -> Iterator[CTSlice]:
    for at, image in enumerate(track(images, "Scoring")):
        try:
            yield read_image(image)
        except CTReadError as error:
            failed[at] = error


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


def predictions_of(
    source: Path, images: Sequence[RatedImage], *, cache_folder: Path
) -> Predictions:
    """Predictions of a shipped model by name, a model folder, or trained networks.

    Raises
    ------
    ModelFolderError : it holds no trained network.
    CTReadError : an image cannot be read.
    """
    if is_model(source):
        return score_rated(load_model(find_model(source)).for_many(heatmaps=False), images)
    predictor = load_predictor(source)
    outputs = predict(predictor, images, cache_folder=cache_folder)
    return Predictions(outputs.mean(axis=1))

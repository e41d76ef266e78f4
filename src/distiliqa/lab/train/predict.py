"""Predictions of whatever was trained: a member, the ensemble, the student, a model folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.ct.window import SOFT_TISSUE, Window
from distiliqa.errors import ModelFolderError
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import load_network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.recipe import load_recipe
from distiliqa.lab.train.training_run import BEST, RECIPE
from distiliqa.models.folder import CONFIG, read_config


@dataclass(frozen=True)
class Predictor:
    """Networks side by side; their outputs are columns, and the score is the mean of a row."""

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
    """Load what ``source`` holds, on the GPU if there is one.

    Parameters
    ----------
    source : weights (``.safetensors``), a model folder, the folder of one fold or of the student,
        ``RUN/teacher`` (the ensemble), or a run (its student, or its teachers if it has none).

    Raises
    ------
    ModelFolderError : nothing trained lies there.
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
    """The window of the run that ``source`` is or lies in; soft tissue outside of a run."""
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

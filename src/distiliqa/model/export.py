"""From a network to a model folder, checked against torch before anybody uses it."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_text
from distiliqa.model.network import Network
from distiliqa.model.weights import read_network, save_network
from distiliqa.model_folder import (
    CARD,
    CONFIG,
    INPUT,
    ONNX,
    OUTPUT,
    WEIGHTS,
    ModelConfig,
    checked_file,
    read_config,
    write_config,
)
from distiliqa.version import __version__

TOLERANCE = 1e-4  # largest difference of an ONNX output from torch's, in units of the score
OPSET = 18


def export_network(
    network: Network, folder: Path, config: ModelConfig, card: str, images: NDArray[np.float32]
) -> float:
    """Write a model folder: ``model.onnx``, ``model.safetensors``, ``config.json``, ``README.md``.

    Parameters
    ----------
    config : what the model is; sizes, hashes and version are filled in here.
    card : the model card, Markdown.
    images : (n, 1, size, size), windowed slices in [0, 1] on which ONNX must equal torch.

    Returns
    -------
    The largest absolute difference between the two on ``images``.

    Raises
    ------
    DistiliqaError : ONNX and torch differ by more than 1e-4; nothing is left in ``folder``.
    """
    network = network.cpu().eval()
    config = replace(
        config,
        architecture=network.config.as_dict(),
        outputs=network.config.outputs,
        image_size=network.config.image_size,
        made_by=__version__,
    )
    make_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as name:
        draft = Path(name)
        save_network(network, draft / WEIGHTS)
        _write_onnx(network, draft / ONNX)
        difference = compare(network, draft / ONNX, images)
        if not difference <= TOLERANCE:
            raise DistiliqaError(
                f"ONNX differs from torch by {difference:.2g}, more than {TOLERANCE:g}",
                path=folder,
                remedy="report this with the network's sizes",
            )
        write_config(draft, config)
        write_text(draft / CARD, card)
        for file in (ONNX, WEIGHTS, CARD, CONFIG):
            shutil.move(draft / file, folder / file)
    return difference


def compare(network: Network, onnx: Path, images: NDArray[np.float32]) -> float:
    """Largest absolute difference between ONNX Runtime and torch on windowed slices."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(onnx), providers=["CPUExecutionProvider"])
    worst = 0.0
    for image in images:  # one at a time: the published network's stem needs 2 GB for a batch
        with torch.inference_mode():
            expected = network(torch.from_numpy(image[None])).numpy()
        (found,) = session.run([OUTPUT], {INPUT: image[None]})
        worst = max(worst, float(np.abs(found - expected).max()))
    return worst


def load_network(folder: Path | str) -> Network:
    """The torch module of a model folder, in eval mode.

    It takes windowed slices (N, 1, 512, 512) in [0, 1] and gives (N, outputs).

    Raises
    ------
    ModelFolderError : the folder lacks a file, or a file was altered.
    """
    folder = Path(folder)
    return read_network(checked_file(folder, WEIGHTS, read_config(folder)))


def _write_onnx(network: Network, path: Path) -> None:
    size = network.config.image_size
    example = torch.zeros(2, 1, size, size)  # a batch of 1 would be frozen into the graph
    # The exporter tells of operators of packages that this network does not use.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            str(path),
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("n")},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )

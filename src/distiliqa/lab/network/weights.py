"""Weights on disk: safetensors and ONNX with the sizes of their network, and files of others."""

from __future__ import annotations

import json
import pickle
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from distiliqa.errors import DistiliqaError, ModelFolderError, RecipeError
from distiliqa.files import atomic_path
from distiliqa.foreign_json import from_json, parse_json
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_weights import SIZES, read_onnx
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.models.folder import ONNX, WEIGHTS, checked_file, read_config


def save_network(network: Network, path: Path) -> None:
    """Write the weights as safetensors, with the network's sizes in the metadata, atomically."""
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(path) as partial:
        save_file(state, partial, {SIZES: json.dumps(network.config.as_dict())})


def read_network(path: Path) -> Network:
    """Read the network of a file of `save_network` or an export, in eval mode on the CPU.

    Parameters
    ----------
    path : safetensors, or the ``model.onnx`` of an export.

    Raises
    ------
    ModelFolderError : the file is missing, damaged, or not written by this package.
    """
    remedy = "train or import the weights again"
    if not path.is_file():
        raise ModelFolderError("no such weights", path=path, remedy=remedy)
    try:
        described, state = _described(path)
        sizes = from_json(NetworkConfig, parse_json(described, path))
        with torch.device("meta"):  # no memory for more than the file holds
            network = Network(sizes)
        network.load_state_dict(state, assign=True)
    except (
        DistiliqaError,
        SafetensorError,
        KeyError,
        TypeError,
        ValueError,
        RuntimeError,
    ) as error:
        problem = error.problem if isinstance(error, DistiliqaError) else error
        raise ModelFolderError(
            f"not weights of this package ({problem})", path=path, remedy=remedy
        ) from error
    return network.float().eval()


def _described(path: Path) -> tuple[str, dict[str, Tensor]]:
    """The JSON of the sizes of a network, and its state dict."""
    if path.suffix == ".onnx":
        found = read_onnx(path)
        return found.sizes, found.of_network
    with safe_open(path, "pt") as file:
        return (file.metadata() or {})[SIZES], load_file(path)


def weights_file(folder: Path) -> Path:
    """The file of a model folder that holds its weights, checked against ``config.json``.

    Folders up to 0.1.0 hold them in safetensors, later ones in ``model.onnx`` alone.

    Raises
    ------
    ModelFolderError : the folder lacks the file, or it was altered.
    """
    config = read_config(folder)
    return checked_file(folder, WEIGHTS if WEIGHTS in config.files else ONNX, config)


_HEADS = ("map.", "processed.")


def start_from(network: Network, path: Path) -> None:
    """Copy the weights of a trained network; every output starts as the mean of its outputs.

    Heads for map and processing keep their new weights where the trained network lacks them.

    Raises
    ------
    ModelFolderError : see `read_network`.
    RecipeError : the two differ in more than the number of outputs and these heads.
    """
    trained, config = read_network(path), network.config
    sizes = trained.config.with_outputs(config.outputs)
    if sizes.with_heads(map=config.map, processed=config.processed) != config:
        raise RecipeError(
            "is of a network of other sizes", path=path, remedy="train with the sizes it has"
        )
    state, own = trained.state_dict(), network.state_dict()
    for name in ("vit.heads.weight", "vit.heads.bias"):
        state[name] = state[name].mean(0, keepdim=True).expand_as(own[name])
    heads = {name: values for name, values in own.items() if name.startswith(_HEADS)}
    network.load_state_dict({name: (heads | state)[name] for name in own})


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read tensors and metadata of a state dict, in ``.safetensors`` or the format of torch.

    A torch file is read with ``weights_only=True``: one that holds any other object is refused,
    since unpickling it could run code.

    Raises
    ------
    DistiliqaError : no such file, damaged, or holding something other than tensors.
    """
    if not path.is_file():
        raise DistiliqaError("no such file", path=path, remedy="check the path")
    try:
        with warnings.catch_warnings():  # a damaged file seems to be of a pickle of another kind
            warnings.simplefilter("ignore")
            if path.suffix == ".safetensors":
                with safe_open(path, "pt") as file:
                    return load_file(path), dict(file.metadata() or {})
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise DistiliqaError(
            "holds pickled objects, which could run code; refused",
            path=path,
            remedy="save the state dict alone, best as safetensors",
        ) from error
    except Exception as error:  # torch passes on whatever a damaged file makes Python raise
        raise DistiliqaError(
            f"not readable as weights ({str(error)[:200]})", path=path, remedy="copy the file again"
        ) from error
    return _tensors(content, path), {}


def _tensors(content: object, path: Path) -> dict[str, Tensor]:
    """Unwrap the state dict from the content that a training script saved."""
    while isinstance(content, dict):
        inner = next((content[k] for k in ("state_dict", "model") if k in content), None)
        if not isinstance(inner, dict):
            break
        content = inner
    if not isinstance(content, dict) or not all(torch.is_tensor(v) for v in content.values()):
        raise DistiliqaError(
            "holds no state dict", path=path, remedy="save model.state_dict() and import that"
        )
    return {name.removeprefix("module."): tensor for name, tensor in content.items()}

"""Weights on disk: safetensors with the sizes of their network, and files of others."""

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
from distiliqa.lab.network.network import Network, NetworkConfig


def save_network(network: Network, path: Path) -> None:
    """Write the weights as safetensors, with the network's sizes in the metadata, atomically."""
    state = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    with atomic_path(path) as partial:
        save_file(state, partial, {"network": json.dumps(network.config.as_dict())})


def read_network(path: Path) -> Network:
    """Read the network of a file of `save_network`, in eval mode on the CPU.

    Raises
    ------
    ModelFolderError : the file is missing, damaged, or not written by `save_network`.
    """
    remedy = "train or import the weights again"
    if not path.is_file():
        raise ModelFolderError("no such weights", path=path, remedy=remedy)
    try:
        with safe_open(path, "pt") as file:
            described = (file.metadata() or {})["network"]
        sizes = from_json(NetworkConfig, parse_json(described, path))
        with torch.device("meta"):  # no memory for more than the file holds
            network = Network(sizes)
        network.load_state_dict(load_file(path), assign=True)
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


def start_from(network: Network, path: Path) -> None:
    """Copy the weights of a trained network; every output starts as the mean of its outputs.

    Raises
    ------
    ModelFolderError : see `read_network`.
    RecipeError : the two differ in more than the number of outputs.
    """
    trained, outputs = read_network(path), network.config.outputs
    if trained.config.with_outputs(outputs) != network.config:
        raise RecipeError(
            "is of a network of other sizes", path=path, remedy="train with the sizes it has"
        )
    state = trained.state_dict()
    for name in ("vit.heads.weight", "vit.heads.bias"):
        state[name] = state[name].mean(0, keepdim=True).expand(outputs, *state[name].shape[1:])
    network.load_state_dict(state)


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

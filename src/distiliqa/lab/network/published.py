"""Weights of the published DistilIQA: its state dicts, read and written.

The published state dict names the stem ``conv_head`` and ``downsample`` and the transformer
``model``. All names below these three are the same as here. Every size is read from the tensors.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from distiliqa.errors import DistiliqaError
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import NetworkConfig
from distiliqa.lab.network.weights import read_state

PREFIXES = {"conv_head.": "stem.blocks.", "downsample.": "stem.downsample.", "model.": "vit."}
CHANNELS_PER_HEAD = 64  # in every ViT of Dosovitskiy et al. 2021, Table 1


def from_published(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename tensors to this package's names. Raises `KeyError` on an unknown name."""
    return {_renamed(name, PREFIXES): tensor for name, tensor in state.items()}


def to_published(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename tensors to the published names."""
    back = {ours: theirs for theirs, ours in PREFIXES.items()}
    return {_renamed(name, back): tensor for name, tensor in state.items()}


def _renamed(name: str, prefixes: dict[str, str]) -> str:
    for old, new in prefixes.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    raise KeyError(name)


def published_config(state: dict[str, Tensor], heads: int | None = None) -> NetworkConfig:
    """Sizes of the network that a published state dict belongs to.

    Parameters
    ----------
    heads : attention heads, the one size that no tensor shows; by default one for 64 channels.

    Raises
    ------
    KeyError : a tensor of the published layout is missing.
    """
    stems = {name.split(".")[1] for name in state if name.startswith("conv_head.")}
    layers = {name.split(".")[3] for name in state if "encoder_layer_" in name}
    width, _, patch, _ = state["model.conv_proj.weight"].shape
    return NetworkConfig(
        stem="published",
        stem_blocks=len(stems),
        stem_width=state["conv_head.0.0.weight"].shape[0] if stems else NetworkConfig.stem_width,
        patch=patch,
        depth=len(layers),
        width=width,
        heads=max(width // CHANNELS_PER_HEAD, 1) if heads is None else heads,
        mlp=state["model.encoder.layers.encoder_layer_0.mlp.0.weight"].shape[0],
        outputs=state["model.heads.weight"].shape[0],
    )


def import_network(path: Path, heads: int | None = None) -> Network:
    """The network of a published state dict (``.pth`` or ``.safetensors``), in eval mode.

    ``heads`` defaults to the file's metadata entry ``heads``, then to width / 64.

    Raises
    ------
    DistiliqaError : the file cannot be read or does not follow the published layout.
    """
    state, metadata = read_state(path)
    if heads is None and metadata.get("heads", "").isdigit():
        heads = int(metadata["heads"])
    try:
        network = Network(published_config(state, heads))
        network.load_state_dict(from_published(state))
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise DistiliqaError(
            f"not a state dict in the published layout ({error})",
            path=path,
            remedy="give the weights of DistilIQA's convolutional-stem ViT",
        ) from error
    return network.eval()

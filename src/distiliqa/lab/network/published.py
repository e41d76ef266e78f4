"""Weights published by others: DistilIQA's state dicts, and ImageNet weights of the transformer.

The published state dict names the stem ``conv_head`` and ``downsample`` and the transformer
``model``. All names below these three are the same as here. Every size is read from the tensors.
"""

from __future__ import annotations

from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torch.nn import functional

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


# torchvision's ViT_B_16_Weights.IMAGENET1K_V1; the file name carries the start of its SHA-256.
URL = "https://download.pytorch.org/models/vit_b_16-c867db91.pth"
DOWNLOAD = "download"


def load_imagenet(network: Network, source: str) -> list[str]:
    """Load ImageNet weights into the transformer; the head and the stem keep their own.

    Parameters
    ----------
    source : path of a ViT state dict in torchvision's layout, or ``"download"`` to fetch
        ViT-B/16 (330 MB) once into torch's cache, checked by its SHA-256.

    Returns
    -------
    Names of the tensors that were left as they are because the file's have another shape (the
    patch projection, where the stem gives other channels than an RGB image).

    Raises
    ------
    DistiliqaError : the file cannot be downloaded or read, or belongs to a ViT of other sizes.
    """
    path = _download() if source == DOWNLOAD else Path(source)
    found, _ = read_state(path)
    found = {
        _torchvision_name(n): tensor for n, tensor in found.items() if not n.startswith("heads.")
    }
    own = network.vit.state_dict()
    wanted = {name for name in own if not name.startswith("heads.")}
    if "encoder.pos_embedding" in found:
        embedding = found["encoder.pos_embedding"]
        found["encoder.pos_embedding"] = resize_positions(
            embedding, own["encoder.pos_embedding"].shape[1]
        )
    other = [n for n in wanted & found.keys() if found[n].shape != own[n].shape]
    left = sorted(name for name in other if name.startswith("conv_proj."))
    if wanted != found.keys() or len(left) < len(other):
        raise DistiliqaError(
            "weights of a ViT of other sizes",
            path=path,
            remedy="match depth, width and mlp of the recipe's network to the file",
        )
    network.vit.load_state_dict({n: t for n, t in found.items() if n not in left}, strict=False)
    return left


def _torchvision_name(name: str) -> str:
    """Present name of a layer; torchvision's file is older than its names of the perceptron."""
    return name.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3.")


def resize_positions(embedding: Tensor, tokens: int) -> Tensor:
    """Interpolate a position embedding (1, 1 + g * g, width) bicubically to (1, tokens, width).

    The first position, of the class token, is kept. Source: Dosovitskiy et al. 2021, 3.2.
    """
    if embedding.shape[1] == tokens:
        return embedding
    old, new = (round((n - 1) ** 0.5) for n in (embedding.shape[1], tokens))
    grid = embedding[:, 1:].unflatten(1, (old, old)).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, (new, new), mode="bicubic", align_corners=False)
    return torch.cat([embedding[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


def _download() -> Path:
    path = Path(torch.hub.get_dir()) / "checkpoints" / URL.rsplit("/", 1)[1]
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        prefix = path.stem.rsplit("-", 1)[1]
        try:
            torch.hub.download_url_to_file(URL, str(path), hash_prefix=prefix)
        except (URLError, OSError, RuntimeError) as error:
            raise DistiliqaError(
                f"ImageNet weights cannot be downloaded ({error})",
                remedy=f"fetch {URL} elsewhere and give its path",
            ) from error
    return path

"""ImageNet weights of the transformer, from a file in the layout of torchvision."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torch.nn import functional

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.lab.network.transformer import VisionTransformer
from distiliqa.lab.network.weights import read_state

# torchvision's ViT_B_16_Weights.IMAGENET1K_V1; the file name carries the start of its SHA-256.
URL = "https://download.pytorch.org/models/vit_b_16-c867db91.pth"
DOWNLOAD = "download"
POSITIONS = "encoder.pos_embedding"


def load_imagenet(vit: VisionTransformer, source: str) -> list[str]:
    """Load ImageNet weights into a transformer; its head keeps its own.

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
    DistiliqaError : the file cannot be downloaded or read, lacks a tensor, or belongs to a ViT of
        other sizes.
    """
    path = _download() if source == DOWNLOAD else Path(source)
    state, _ = read_state(path)
    found = {_present_name(n): tensor for n, tensor in state.items() if not n.startswith("heads.")}
    own = {n: tensor for n, tensor in vit.state_dict().items() if not n.startswith("heads.")}
    _require_layers(found, own, path)
    if _is_grid(found[POSITIONS]):
        found[POSITIONS] = resize_positions(found[POSITIONS], own[POSITIONS].shape[1])
    other = [name for name in own if found[name].shape != own[name].shape]
    left = sorted(name for name in other if name.startswith("conv_proj."))
    if wrong := sorted(set(other).difference(left)):
        shape, wanted = (list(side[wrong[0]].shape) for side in (found, own))
        raise DistiliqaError(
            f"weights of a ViT of other sizes ({wrong[0]} is {shape}, not {wanted})",
            path=path,
            remedy="match depth, width and mlp of the recipe's network to the file",
        )
    vit.load_state_dict({n: t for n, t in found.items() if n not in left}, strict=False)
    return left


def _require_layers(found: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path) -> None:
    """Raise `DistiliqaError` where the names of the tensors are not those of the transformer."""
    layers = [{name.split(".")[2] for name in side if "layer_" in name} for side in (found, own)]
    if layers[0] and layers[0] != layers[1]:
        raise DistiliqaError(
            f"weights of a ViT of other sizes ({len(layers[0])} layers, not {len(layers[1])})",
            path=path,
            remedy="match depth, width and mlp of the recipe's network to the file",
        )
    for problem, names in (
        ("lacks", own.keys() - found.keys()),
        ("has", found.keys() - own.keys()),
    ):
        if names:
            raise DistiliqaError(
                f"not a ViT in the layout of torchvision ({problem} {_listed(names)})",
                path=path,
                remedy="give the file vit_b_16-c867db91.pth of torchvision",
            )


def _listed(names: Collection[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{quoted(min(names))}{more}"


def _present_name(name: str) -> str:
    """Present name of a layer; torchvision's file is older than its names of the perceptron."""
    return name.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3.")


def _is_grid(embedding: Tensor) -> bool:
    return embedding.ndim == 3 and math.isqrt(embedding.shape[1] - 1) ** 2 == embedding.shape[1] - 1


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

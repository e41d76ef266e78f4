"""Which layers of a network learn, and how fast: early layers less, as they are more general.

Rates that fall from layer to layer: Howard & Ruder 2018, doi 10.18653/v1/P18-1031; for
transformers Clark et al. 2020, arXiv 2003.10555.
"""

from __future__ import annotations

from typing import Any

from distiliqa.lab.network.network import Network
from distiliqa.lab.train.recipe_sections import Layers

SHARE = "share"  # of the learning rate that a group of parameters has
_STEM = ("stem.", "vit.conv_proj.")
_LAYER = "vit.encoder.layers.encoder_layer_"
_HEADS = ("vit.heads.", "map.", "processed.")


def parameter_groups(network: Network, layers: Layers, decay: float) -> list[dict[str, Any]]:
    """The parameters that learn, by layer, each group with its share of the learning rate.

    All others are frozen. Where all learn alike, the network may have any layers.

    Parameters
    ----------
    decay : the share of a layer relative to that of the next one; the heads have a share of 1.
    """
    if layers == "all" and decay == 1:
        return [{"params": list(network.parameters()), SHARE: 1.0}]
    last = network.config.depth + 2
    groups: dict[int, list[Any]] = {}
    for name, parameter in network.named_parameters():
        learns = layers == "all" or name.startswith(_HEADS)
        learns = learns or (layers == "transformer" and not name.startswith(_STEM))
        parameter.requires_grad_(learns)
        if learns:
            groups.setdefault(_level(name, last), []).append(parameter)
    return [{"params": groups[level], SHARE: decay ** (last - level)} for level in sorted(groups)]


def _level(name: str, last: int) -> int:
    """Depth of a parameter: 0 for the stem, then patches and positions, layers, heads."""
    if name.startswith(_STEM):
        return 0
    if name.startswith(_LAYER):
        return 2 + int(name.removeprefix(_LAYER).partition(".")[0])
    return last if name.startswith((*_HEADS, "vit.encoder.ln.")) else 1
